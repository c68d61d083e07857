// SPDX-License-Identifier: Apache-2.0
// A guest's disk on each kind of block node, and one image between two programs.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/socket_address.h"
#include "base/stream_socket.h"
#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

constexpr unsigned kSectors = 256;
constexpr unsigned kFirstWritten = 8;
constexpr unsigned kWritten = 8;
constexpr const char* kQemuNbd = "/usr/bin/qemu-nbd";

void check_image(const std::string& image) {
    CHECK(file_has_pattern(image, 0, kFirstWritten, 0));
    CHECK(file_has_pattern(image, kFirstWritten, kWritten, 1));
    const unsigned end = kFirstWritten + kWritten;
    CHECK(file_has_pattern(image, end, kSectors - end, 0));
}

// qemu-nbd with one image, from its first connection on.
struct NbdProcess {
    NbdProcess(const TemporaryDirectory& directory, const std::string& image)
        : socket(directory.path("nbd.sock")),
          process(*ChildProcess::start(
              {kQemuNbd, "--persistent", "--socket=" + socket, "--format=raw", image})) {
        const auto place = *SocketAddress::unix_path(socket);
        while (!connect_stream({place}, -1)) {
            REQUIRE(process.running());
            process.observe(Milliseconds(10));
        }
    }
    [[nodiscard]] std::string node() const {
        return concat("driver=nbd,node-name=d,server.type=unix,server.path=", socket);
    }

    std::string socket;
    ChildProcess process;
};

// blk_poll on the node "d" that these words make.
void check_guest(const std::vector<std::string>& words,
                 const std::string& line = "plain prefilled") {
    MachineArguments arguments("blk_poll");
    arguments.command_line(line);
    arguments.add({"-device", "pcie-root-port,id=rp,chassis=1"});
    arguments.add(words);
    arguments.add({"-device", "virtio-blk-pci,drive=d,bus=rp"});

    const GuestRun result = run(arguments);

    CAPTURE(result.output);
    CAPTURE(result.errors);
    CHECK(result.status == kGuestPassed);
}

}  // namespace

TEST_SUITE("kvm/block_nodes") {
    TEST_CASE("a guest's disk on a file, directly and through the cache, with each engine") {
        for (const std::string aio : {"io_uring", "threads"}) {
            for (const std::string direct : {"on", "off"}) {
                CAPTURE(aio);
                CAPTURE(direct);
                const TemporaryDirectory directory;
                const std::string image = patterned_image(directory, "disk", kSectors);

                check_guest({"-blockdev",
                             concat("driver=raw,node-name=d,file.driver=file,file.filename=", image,
                                    ",file.aio=", aio, ",cache.direct=", direct)});

                check_image(image);
            }
        }
    }

    TEST_CASE("a guest's disk on a file with its memory pinned") {
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        check_guest({"-blockdev", concat("driver=raw,node-name=d,cache.direct=on,file.driver=file,"
                                         "file.x-siskin-fixed-buffers=on,file.filename=",
                                         image)});

        check_image(image);
    }

    TEST_CASE("zeroes and discards behind an offset stay inside the guest's range (B03)") {
        for (const std::string aio : {"io_uring", "threads"}) {
            for (const std::string discard : {"unmap", "ignore"}) {
                CAPTURE(aio);
                CAPTURE(discard);
                const TemporaryDirectory directory;
                const std::string image = patterned_image(directory, "disk", 2 * kSectors);
                constexpr unsigned kOffset = 8;  // sectors
                constexpr unsigned kFirst = kOffset + kFirstWritten;

                check_guest({"-blockdev",
                             concat("driver=raw,node-name=d,offset=", kOffset * 512,
                                    ",discard=", discard, ",file.driver=file,file.filename=", image,
                                    ",file.aio=", aio, ",file.discard=unmap")},
                            "plain ranges");

                CHECK(file_has_pattern(image, 0, kFirst, 0));
                CHECK_FALSE(file_has_pattern(image, kFirst, 1, 0));
                const unsigned end = kFirst + kWritten;
                CHECK(file_has_pattern(image, end, 2 * kSectors - end, 0));
            }
        }
    }

    TEST_CASE("a guest's disk in JSON, as libvirt writes it") {
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);

        check_guest({"-blockdev",
                     concat(R"({"driver":"file","filename":")", image,
                            R"(","node-name":"s","auto-read-only":true,"discard":"unmap"})"),
                     "-blockdev",
                     R"({"node-name":"d","read-only":false,"driver":"raw","file":"s"})"});

        check_image(image);
    }

    TEST_CASE("a guest's disk on an NBD server") {
        if (::access(kQemuNbd, X_OK) != 0) {
            MESSAGE("skipped: there is no " << kQemuNbd);
            return;
        }
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        const NbdProcess server(directory, image);

        check_guest({"-blockdev", server.node()});

        check_image(image);
    }

    TEST_CASE("an NBD server that stands still does not hold up stop for ever (B15)") {
        if (::access(kQemuNbd, X_OK) != 0) {
            MESSAGE("skipped: there is no " << kQemuNbd);
            return;
        }
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        NbdProcess server(directory, image);
        ChildProcess process = start(
            MachineArguments("blk_poll")
                .command_line("plain prefilled")
                .add({"-S", "-blockdev", server.node(), "-device", "pcie-root-port,id=rp,chassis=1",
                      "-device", "virtio-blk-pci,id=vd,drive=d,bus=rp"})
                .qmp(directory.path("qmp")));
        QmpClient monitor = connect(directory.path("qmp"), process);
        server.process.send_signal(SIGSTOP);
        // Until it is stopped with a request at the server.
        while (process.errors().find("is lost: no answer for 10000 ms") == std::string::npos) {
            REQUIRE(process.running());
            REQUIRE(monitor.execute("cont").has_value());
            REQUIRE(monitor.execute("stop").has_value());
            process.observe(Milliseconds(1));
        }

        const Result<Value> status = monitor.execute("query-status");
        REQUIRE(status.has_value());
        CHECK(text_at(*status, "status") == "paused");
        server.process.send_signal(SIGCONT);
        REQUIRE(monitor.execute("cont").has_value());
        CHECK(process.wait_for_end() == kGuestPassed);
        check_image(image);
    }

    TEST_CASE("a second program is refused an image until the first is killed (B13)") {
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        MachineArguments arguments;
        arguments.disk(image).qmp(directory.path("first")).add({"-S"});
        ChildProcess first = start(arguments);
        QmpClient client = connect(directory.path("first"), first);

        MachineArguments others;
        others.disk(image).qmp(directory.path("second")).add({"-S"});
        const GuestRun refused = run(others);
        CHECK(refused.status == 1);
        CHECK(refused.errors.find("Failed to get \"write\" lock") != std::string::npos);

        first.send_signal(SIGKILL);
        REQUIRE(first.wait_for_end().has_value());
        wait_for_locks(image);
        ChildProcess second = start(others);
        QmpClient now = connect(directory.path("second"), second);
        CHECK(second.running());
    }

    TEST_CASE("blocks smaller than the host's unit are refused with what to say (B11)") {
        const TemporaryDirectory directory;
        const std::string image = patterned_image(directory, "disk", kSectors);
        const std::string socket = directory.path("nbd.sock");
        if (::access("/usr/bin/nbdkit", X_OK) != 0) {
            MESSAGE("skipped: there is no /usr/bin/nbdkit");
            return;
        }
        auto server = ChildProcess::start({"/usr/bin/nbdkit", "--foreground", "-U", socket,
                                           "--filter=blocksize-policy", "file", image,
                                           "blocksize-minimum=4096"});
        REQUIRE(server.has_value());
        const auto place = *SocketAddress::unix_path(socket);
        while (!connect_stream({place}, -1)) {
            REQUIRE(server->running());
            server->observe(Milliseconds(10));
        }
        MachineArguments arguments;
        arguments.add({"-S", "-blockdev",
                       concat("driver=nbd,node-name=d,server.type=unix,server.path=", socket),
                       "-device", "virtio-blk-pci,drive=d"});

        const GuestRun refused = run(arguments);

        CHECK(refused.status == 1);
        CHECK(refused.errors.find("logical_block_size is 512, block node 'd' takes nothing less "
                                  "than 4096 bytes at a time: say logical_block_size=4096") !=
              std::string::npos);
    }
}

}  // namespace siskin::test
