// SPDX-License-Identifier: Apache-2.0
// Disks under way, over QMP, with a real guest: errors that stop the machine, statistics, size,
// limits.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
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

    // Writes of files end there, with EFBIG.
    void limit_files(rlim_t size) const {
        const rlimit limit{size, kNoLimit};
        REQUIRE(::prlimit(process.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
    }
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
}

}  // namespace siskin::test
