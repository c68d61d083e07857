// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/stream: input with back-pressure, ends, and two threads at once.
#include "devices/chardev/stream.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mutex.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::EventFd;
using siskin::EventLoop;
using siskin::Fd;
using siskin::MachineLock;
using siskin::MutexLock;
using siskin::Result;
using siskin::StreamChardev;
using siskin::test::bytes_of;
using siskin::test::ChardevBench;
using siskin::test::read_some;
using siskin::test::RecordingFrontEnd;

namespace {

class TestStream final : public StreamChardev {
public:
    TestStream(EventLoop& loop, MachineLock& lock)
        : StreamChardev("s", loop, lock, std::move(*EventFd::create())) {}
    using StreamChardev::connect;
    using StreamChardev::connected;
    using StreamChardev::disconnect;
    using StreamChardev::start;
    [[nodiscard]] std::string filename() const override { return "test"; }
    void on_input_end() override { ++ends; }

    int ends = 0;
};

// A stream over one end of a socket pair; the other end is the host's side.
struct StreamBench : ChardevBench {
    StreamBench() {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        host = Fd(ends[0]);
        Fd input(ends[1]);
        auto output = input.duplicate();
        REQUIRE(output.has_value());
        REQUIRE(stream.start().has_value());
        REQUIRE(stream.connect(std::move(input), std::move(*output)).has_value());
    }
    void host_writes(const std::string& text) const {
        REQUIRE(::write(host.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }

    TestStream stream{loop, lock};
    Fd host;
};

}  // namespace

TEST_SUITE("devices/chardev/stream") {
    TEST_CASE("input waits until there is a front end") {
        StreamBench bench;
        RecordingFrontEnd front_end(100);
        bench.host_writes("early");
        bench.loop.run_ready();

        REQUIRE(bench.stream.attach(front_end).has_value());
        bench.loop.run_ready();

        CHECK(front_end.text() == "early");
    }

    TEST_CASE("a paste larger than the front end's room is delivered piece by piece, in order") {
        StreamBench bench;
        RecordingFrontEnd front_end(16);
        REQUIRE(bench.stream.attach(front_end).has_value());
        std::string paste;
        for (int number = 0; number < 1000; ++number) {
            paste += std::to_string(number) + ",";
        }
        bench.host_writes(paste);
        bench.loop.run_ready();
        CHECK(front_end.text() == paste.substr(0, 16));

        for (std::size_t taken = 16; taken < paste.size(); taken += 16) {
            front_end.set_room(16);
            bench.stream.accept_input();
            bench.loop.run_ready();
        }

        CHECK(front_end.text() == paste);
        CHECK(front_end.largest() == 16);
    }

    TEST_CASE("a front end without room leaves the bytes on the host's side") {
        StreamBench bench;
        RecordingFrontEnd front_end(0);
        REQUIRE(bench.stream.attach(front_end).has_value());
        bench.host_writes("wait");
        bench.loop.run_ready();
        CHECK(front_end.text().empty());

        front_end.set_room(2);
        bench.stream.accept_input();
        bench.loop.run_ready();

        CHECK(front_end.text() == "wa");
    }

    TEST_CASE("the end of the input is told once, after its last byte") {
        StreamBench bench;
        RecordingFrontEnd front_end(100);
        REQUIRE(bench.stream.attach(front_end).has_value());
        bench.host_writes("last");

        bench.host.reset();
        bench.loop.run_ready();

        CHECK(front_end.text() == "last");
        CHECK(bench.stream.ends == 1);
    }

    TEST_CASE("output that was written while disconnected reaches the next reader") {
        StreamBench bench;
        bench.stream.disconnect();
        bench.stream.write(bytes_of("kept"));
        bench.loop.run_ready();
        int ends[2] = {-1, -1};
        REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
        const Fd reader(ends[0]);

        REQUIRE(bench.stream.connect(Fd(), Fd(ends[1])).has_value());
        bench.loop.run_ready();

        CHECK(read_some(reader.get()) == "kept");
    }

    TEST_CASE("a regular file as input is read to its end") {
        StreamBench bench;
        bench.stream.disconnect();
        const std::string path = bench.folder.path("in");
        std::ofstream(path) << "from a file";
        RecordingFrontEnd front_end(4);
        REQUIRE(bench.stream.attach(front_end).has_value());

        Fd input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(bench.stream.connect(std::move(input), Fd()).has_value());
        bench.loop.run_ready();
        CHECK(front_end.text() == "from");
        front_end.set_room(100);
        bench.stream.accept_input();
        bench.loop.run_ready();

        CHECK(front_end.text() == "from a file");
        CHECK(bench.stream.ends == 1);
    }

    TEST_CASE("/dev/null as input ends at once") {
        StreamBench bench;
        bench.stream.disconnect();
        RecordingFrontEnd front_end(4);
        REQUIRE(bench.stream.attach(front_end).has_value());

        Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        REQUIRE(bench.stream.connect(std::move(input), Fd()).has_value());
        bench.loop.run_ready();

        CHECK(bench.stream.ends == 1);
    }

    TEST_CASE("a writer under the lock and the loop's thread lose and mix no byte") {
        StreamBench bench;
        static constexpr std::size_t kLines = 20000;
        std::thread loop_thread([&] { bench.loop.run(); });
        std::string received;
        std::string expected;

        for (std::size_t number = 0; number < kLines; ++number) {
            const std::string line = std::to_string(number) + "\n";
            expected += line;
            {
                const MutexLock hold(bench.lock);
                bench.stream.write(bytes_of(line));
            }
            received += read_some(bench.host.get());
        }
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (received.size() < expected.size() && std::chrono::steady_clock::now() < deadline) {
            received += read_some(bench.host.get());
        }
        bench.loop.stop();
        loop_thread.join();

        CHECK(received == expected);
        CHECK(bench.stream.dropped_bytes() == 0);
    }
}
