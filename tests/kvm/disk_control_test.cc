// SPDX-License-Identifier: Apache-2.0
// Disks under way, over QMP, with a real guest: errors that stop the machine, statistics, size,
// limits, moves to other threads.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr unsigned kSectors = 256;
constexpr unsigned kFirstWritten = 8;  // by blk_poll: eight sectors
constexpr rlim_t kNoLimit = RLIM_INFINITY;
constexpr std::uint64_t kDiskBytes = std::uint64_t{kSectors} * 512;
constexpr std::uint64_t kOffset = 1536;  // of a raw node

// Writes of files end there, with EFBIG.
void limit_files(const ChildProcess& process, rlim_t size) {
    const rlimit limit{size, kNoLimit};
    REQUIRE(::prlimit(process.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

void append(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

bool resize(QmpClient& monitor, const std::string& node, std::uint64_t size) {
    return monitor
        .execute("block_resize", concat(R"({"node-name": ")", node, R"(", "size": )", size, "}"))
        .has_value();
}

// Of the one disk's node, "n". "null" is the machine's own loop.
Result<Value> move_to(QmpClient& monitor, const std::string& thread, const char* more = "") {
    return monitor.execute("x-blockdev-set-iothread",
                           concat(R"({"node-name": "n", "iothread": )", thread, more, "}"));
}

std::vector<std::string> disk_and_threads(const std::string& image, const std::string& device) {
    return {"-S",
            "-object",
            "iothread,id=io0",
            "-object",
            "iothread,id=io1",
            "-blockdev",
            concat("driver=file,node-name=n,filename=", image),
            "-device",
            "pcie-root-port,id=rp,chassis=1",
            "-device",
            concat("{\"driver\": \"virtio-blk-pci\", \"id\": \"vd\", \"drive\": \"n\", ",
                   "\"bus\": \"rp\"", device, "}")};
}

std::int64_t number_at(const Value& value, std::string_view member) {
    const Value found = member_at(value, member);
    return found.as_int() != nullptr ? *found.as_int() : -1;
}

// A machine that has not begun yet.
struct Waiting {
    explicit Waiting(const std::string& drive, const std::string& device = "")
        : process(start(MachineArguments("blk_poll")
                            .command_line("plain prefilled")
                            .disk(image, drive, device)
                            .add({"-S"})
                            .qmp(directory.path("qmp")))),
          monitor(connect(directory.path("qmp"), process)) {}

    void limit_files(rlim_t size) const { test::limit_files(process, size); }
    std::string status() {
        const Result<Value> reply = monitor.execute("query-status");
        return reply ? text_at(*reply, "status") : reply.error().message;
    }
    // Of the one disk.
    Value entry(std::string_view command) {
        const Result<Value> reply = monitor.execute(command);
        REQUIRE(reply.has_value());
        REQUIRE(reply->as_list()->size() == 1);
        return reply->as_list()->front();
    }

    TemporaryDirectory directory;
    std::string image = patterned_image(directory, "disk", kSectors);
    ChildProcess process;
    QmpClient monitor;
};

}  // namespace

TEST_SUITE("kvm/disk_control") {
    TEST_CASE("werror=stop: the machine waits for room, cont writes again, nothing is lost (B06)") {
        for (const std::string aio : {"io_uring", "threads"}) {
            CAPTURE(aio);
            Waiting machine(concat(",werror=stop,aio=", aio));
            machine.limit_files(kFirstWritten * 512);
            REQUIRE(machine.monitor.execute("cont").has_value());

            const Result<Value> event = machine.monitor.wait_for_event("BLOCK_IO_ERROR");
            REQUIRE(event.has_value());
            const Value data = member_at(*event, "data");
            CHECK(text_at(data, "operation") == "write");
            CHECK(text_at(data, "action") == "stop");
            CHECK(text_at(data, "reason") == "File too large");
            CHECK(member_at(data, "nospace") == Value(false));
            REQUIRE(machine.monitor.wait_for_event("STOP").has_value());
            CHECK(machine.status() == "io-error");
            CHECK(text_at(machine.entry("query-block"), "io-status") == "failed");
            CHECK(file_has_pattern(machine.image, kFirstWritten, 8, 0));
            const auto& names = machine.monitor.event_names();
            CHECK(std::find(names.begin(), names.end(), "BLOCK_IO_ERROR") <
                  std::find(names.begin(), names.end(), "STOP"));

            // It fails again, and stops again.
            REQUIRE(machine.monitor.execute("cont").has_value());
            REQUIRE(machine.monitor.wait_for_event("BLOCK_IO_ERROR").has_value());
            REQUIRE(machine.monitor.wait_for_event("STOP").has_value());

            machine.limit_files(kNoLimit);
            REQUIRE(machine.monitor.execute("cont").has_value());
            CHECK(machine.process.wait_for_end() == kGuestPassed);
            CHECK(file_has_pattern(machine.image, kFirstWritten, 8, 1));
        }
    }

    TEST_CASE("a reset of a machine that stopped for an error drops what was kept (B07)") {
        Waiting machine(",werror=stop");
        machine.limit_files(kFirstWritten * 512);
        REQUIRE(machine.monitor.execute("cont").has_value());
        REQUIRE(machine.monitor.wait_for_event("STOP").has_value());
        REQUIRE(machine.monitor.execute("system_reset").has_value());
        CHECK(machine.status() == "prelaunch");
        machine.limit_files(kNoLimit);

        REQUIRE(machine.monitor.execute("cont").has_value());

        CHECK(machine.process.wait_for_end() == kGuestPassed);
        CHECK(file_has_pattern(machine.image, kFirstWritten, 8, 1));
    }

    TEST_CASE("query-blockstats counts what the guest did until it was stopped") {
        Waiting machine(",werror=stop");
        machine.limit_files(kFirstWritten * 512);
        REQUIRE(machine.monitor.execute("cont").has_value());
        REQUIRE(machine.monitor.wait_for_event("STOP").has_value());

        const Value disk = machine.entry("query-blockstats");
        const Value stats = member_at(disk, "stats");
        CHECK(text_at(disk, "device") == "disk1");
        CHECK(number_at(stats, "rd_operations") > 100);
        CHECK(number_at(stats, "rd_bytes") >= 512 * number_at(stats, "rd_operations"));
        CHECK(number_at(stats, "rd_total_time_ns") > 0);
        CHECK(number_at(stats, "wr_operations") == 0);
        CHECK(number_at(stats, "idle_time_ns") > 0);
    }

    TEST_CASE("a limit holds a guest up, and is told; one that is taken away does not (B16)") {
        Waiting machine(",iops=100");
        CHECK(number_at(member_at(machine.entry("query-block"), "inserted"), "iops") == 100);
        const auto begin = std::chrono::steady_clock::now();
        REQUIRE(machine.monitor.execute("cont").has_value());
        CHECK(machine.process.wait_for_end() == kGuestPassed);
        // More than a hundred reads, one after the other.
        CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(980));
    }

    TEST_CASE("limits come and go while the machine runs") {
        Waiting machine(",iops=1");
        REQUIRE(machine.monitor.execute("cont").has_value());
        REQUIRE(machine.monitor
                    .execute("block_set_io_throttle",
                             R"({"device": "disk1", "bps": 0, "bps_rd": 0, "bps_wr": 0,)"
                             R"( "iops": 0, "iops_rd": 0, "iops_wr": 0})")
                    .has_value());
        CHECK(machine.process.wait_for_end(Milliseconds(60000)) == kGuestPassed);
    }

    TEST_CASE("block_resize changes the file and what the guest will see, both ways (B14)") {
        Waiting machine("");
        for (const std::uint64_t size : {std::uint64_t{1} << 20U, std::uint64_t{kSectors} * 512}) {
            REQUIRE(
                machine.monitor
                    .execute("block_resize", concat(R"({"device": "disk1", "size": )", size, "}"))
                    .has_value());
            CHECK(std::filesystem::file_size(machine.image) == size);
            const Value image =
                member_at(member_at(machine.entry("query-block"), "inserted"), "image");
            CHECK(number_at(image, "virtual-size") == static_cast<std::int64_t>(size));
        }
        REQUIRE(machine.monitor.execute("cont").has_value());
        CHECK(machine.process.wait_for_end() == kGuestPassed);
    }

    TEST_CASE("a disk behind an offset: limits, sizes, and what is written again, in place (B06)") {
        for (const std::string aio : {"io_uring", "threads"}) {
            CAPTURE(aio);
            const TemporaryDirectory directory;
            const std::string disk = patterned_image(directory, "disk", kSectors);
            const std::string image = directory.write_file("image", std::string(kOffset, 'o'));
            append(image, bytes_of(disk));
            ChildProcess process =
                start(MachineArguments("blk_poll")
                          .command_line("plain prefilled")
                          .add({"-S", "-blockdev",
                                concat("driver=raw,node-name=d,offset=", kOffset,
                                       ",file.driver=file,file.node-name=f,file.filename=", image,
                                       ",file.aio=", aio),
                                "-device", "pcie-root-port,id=rp,chassis=1", "-device",
                                "virtio-blk-pci,id=vd,drive=d,bus=rp,werror=stop"})
                          .qmp(directory.path("qmp")));
            QmpClient monitor = connect(directory.path("qmp"), process);
            CHECK_FALSE(resize(monitor, "f", 1 << 20));
            for (const std::uint64_t size : {std::uint64_t{1} << 20U, kDiskBytes}) {
                CHECK(resize(monitor, "d", size));
                CHECK(std::filesystem::file_size(image) == kOffset + size);
            }
            REQUIRE(monitor
                        .execute("block_set_io_throttle",
                                 R"({"id": "vd", "bps": 0, "bps_rd": 0, "bps_wr": 0,)"
                                 R"( "iops": 100, "iops_rd": 0, "iops_wr": 0})")
                        .has_value());
            limit_files(process, kOffset + (kFirstWritten * 512));
            const auto begin = std::chrono::steady_clock::now();
            REQUIRE(monitor.execute("cont").has_value());
            REQUIRE(monitor.wait_for_event("STOP").has_value());
            REQUIRE(monitor.execute("cont").has_value());
            REQUIRE(monitor.wait_for_event("STOP").has_value());
            limit_files(process, kNoLimit);
            REQUIRE(monitor.execute("cont").has_value());

            CHECK(process.wait_for_end() == kGuestPassed);
            CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(980));
            const std::string after = bytes_of(image);
            CHECK(after.size() == kOffset + kDiskBytes);
            CHECK(after.substr(0, kOffset) == std::string(kOffset, 'o'));
            const std::string part = directory.write_file("part", after.substr(kOffset));
            CHECK(file_has_pattern(part, 0, kFirstWritten, 0));
            CHECK(file_has_pattern(part, kFirstWritten, 8, 1));
            CHECK(file_has_pattern(part, kFirstWritten + 8, kSectors - kFirstWritten - 8, 0));
        }
    }

    TEST_CASE("a disk in use moves from thread to thread, and nothing is lost") {
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        ChildProcess process = start(MachineArguments("blk_poll")
                                         .command_line("plain prefilled")
                                         .add(disk_and_threads(image, ""))
                                         .qmp(directory.path("qmp")));
        QmpClient monitor = connect(directory.path("qmp"), process);
        // It lasts for a second at least, whatever the host's speed.
        REQUIRE(monitor
                    .execute("block_set_io_throttle",
                             R"({"id": "vd", "bps": 0, "bps_rd": 0, "bps_wr": 0,)"
                             R"( "iops": 100, "iops_rd": 0, "iops_wr": 0})")
                    .has_value());
        CHECK_FALSE(move_to(monitor, R"("io0")").has_value());  // not without force
        REQUIRE(monitor.execute("cont").has_value());

        constexpr std::size_t kMoves = 12;
        const std::array<std::string, 3> threads{R"("io0")", R"("io1")", "null"};
        for (std::size_t move = 0; move < kMoves; ++move) {
            CHECK(
                move_to(monitor, threads[move % threads.size()], R"(, "force": true)").has_value());
        }

        CHECK(process.wait_for_end() == kGuestPassed);
        CHECK(file_has_pattern(image, kFirstWritten, 8, 1));
    }

    TEST_CASE("what cannot move says so, and works on where it is") {
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        ChildProcess process = start(
            MachineArguments("blk_poll")
                .command_line("plain prefilled")
                .add(disk_and_threads(image, R"(, "iothread-vq-mapping": [{"iothread": "io0"}])"))
                .qmp(directory.path("qmp")));
        QmpClient monitor = connect(directory.path("qmp"), process);
        const auto refusal = [&](const std::string& thread, const char* more) {
            const Result<Value> reply = move_to(monitor, thread, more);
            return reply ? std::string("moved") : reply.error().message;
        };

        CHECK(refusal(R"("io1")", "").find("use force=true") != std::string::npos);
        CHECK(refusal(R"("io9")", R"(, "force": true)") ==
              "GenericError: Cannot find iothread io9");
        CHECK(refusal(R"("io1")", R"(, "force": true)") ==
              "GenericError: Node n is of a disk with iothread-vq-mapping, allowed is one with "
              "iothread");

        REQUIRE(monitor.execute("cont").has_value());
        CHECK(process.wait_for_end() == kGuestPassed);
    }
}

}  // namespace siskin::test
