// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/stdio and devices/chardev/terminal, with descriptors 0 and 1 replaced.
#include "devices/chardev/stdio.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::ChardevBackend;
using siskin::ChardevConfig;
using siskin::Fd;
using siskin::test::bytes_of;
using siskin::test::ChardevBench;
using siskin::test::read_some;
using siskin::test::RecordingFrontEnd;

namespace {

// Puts other descriptors at 0 and 1 (closes them where invalid) until it goes.
class StandardStreams {
public:
    StandardStreams(const Fd& input, const Fd& output)
        : old_input_(::dup(STDIN_FILENO)), old_output_(::dup(STDOUT_FILENO)) {
        place(input.get(), STDIN_FILENO);
        place(output.get(), STDOUT_FILENO);
    }
    ~StandardStreams() {
        place(old_input_.get(), STDIN_FILENO);
        place(old_output_.get(), STDOUT_FILENO);
    }
    StandardStreams(const StandardStreams&) = delete;
    StandardStreams& operator=(const StandardStreams&) = delete;

private:
    static void place(int from, int to) {
        [[maybe_unused]] const int status = from >= 0 ? ::dup2(from, to) : ::close(to);
    }

    Fd old_input_;
    Fd old_output_;
};

struct SocketEnds {
    SocketEnds() {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        ours = Fd(ends[0]);
        theirs = Fd(ends[1]);
        ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    }
    Fd ours;
    Fd theirs;
};

termios attributes_of(int fd_number) {
    termios attributes{};
    REQUIRE(::tcgetattr(fd_number, &attributes) == 0);
    return attributes;
}

}  // namespace

TEST_SUITE("devices/chardev/stdio") {
    TEST_CASE("bytes pass both ways, and the descriptors block again afterwards") {
        ChardevBench bench;
        SocketEnds in;
        SocketEnds out;
        RecordingFrontEnd front_end(100);
        std::string filename;
        int flags_while = 0;
        int flags_after = 0;
        {
            const StandardStreams streams(in.theirs, out.theirs);
            auto chardev = bench.make(ChardevBackend::Stdio);
            REQUIRE(chardev.has_value());
            REQUIRE((*chardev)->attach(front_end).has_value());
            filename = (*chardev)->filename();
            flags_while = ::fcntl(STDIN_FILENO, F_GETFL);
            REQUIRE(::write(in.ours.get(), "typed", 5) == 5);
            (*chardev)->write(bytes_of("printed"));
            bench.loop.run_ready();
            (*chardev)->detach();
            REQUIRE(bench.registry.remove("c0").has_value());
            flags_after = ::fcntl(STDIN_FILENO, F_GETFL);
        }

        CHECK(filename == "stdio");
        CHECK(front_end.text() == "typed");
        CHECK(read_some(out.ours.get()) == "printed");
        CHECK((flags_while & O_NONBLOCK) != 0);
        CHECK((flags_after & O_NONBLOCK) == 0);
    }

    TEST_CASE("only one back end has the standard streams at a time") {
        ChardevBench bench;
        SocketEnds in;
        SocketEnds out;
        std::string message;
        bool again = false;
        {
            const StandardStreams streams(in.theirs, out.theirs);
            REQUIRE(bench.make(ChardevBackend::Stdio).has_value());
            ChardevConfig second;
            second.backend = ChardevBackend::Stdio;
            second.id = "y";
            const auto refused = bench.make(second);
            message = refused ? "" : refused.error().message;
            REQUIRE(bench.registry.remove("c0").has_value());
            again = bench.make(second).has_value();
            REQUIRE(bench.registry.remove("y").has_value());
        }

        CHECK(message == "cannot use stdio by multiple character devices");
        CHECK(again);
    }

    TEST_CASE("closed standard streams are a silent console") {
        ChardevBench bench;
        // The loop's own descriptors are open before, as in a process that starts properly.
        const auto timer = bench.loop.after(std::chrono::milliseconds(0), [] {});
        bool made = false;
        {
            const StandardStreams streams{Fd(), Fd()};
            auto chardev = bench.make(ChardevBackend::Stdio);
            made = chardev.has_value();
            if (made) {
                (*chardev)->write(bytes_of("nobody"));
                bench.loop.run_ready();
                made = bench.registry.remove("c0").has_value();
                bench.loop.run_ready();  // lets go of what it watched
            }
        }

        CHECK(made);
    }

    TEST_CASE("a terminal is raw meanwhile, keeps ^C with signal=on, and is put back") {
        ChardevBench bench;
        const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        REQUIRE(master.valid());
        REQUIRE(::unlockpt(master.get()) == 0);
        std::array<char, 64> name{};
        REQUIRE(::ptsname_r(master.get(), name.data(), name.size()) == 0);
        const Fd slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        const termios before = attributes_of(slave.get());
        std::array<termios, 2> raw{};
        {
            const StandardStreams streams(slave, slave);
            for (const bool signal : {true, false}) {
                ChardevConfig config;
                config.backend = ChardevBackend::Stdio;
                config.id = "t";
                config.signal = signal;
                REQUIRE(bench.make(config).has_value());
                raw.at(signal ? 1 : 0) = attributes_of(slave.get());
                REQUIRE(bench.registry.remove("t").has_value());
            }
        }
        const termios after = attributes_of(slave.get());

        CHECK((before.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO));
        CHECK((raw[1].c_lflag & (ICANON | ECHO)) == 0);
        CHECK((raw[1].c_lflag & ISIG) != 0);
        CHECK((raw[0].c_lflag & ISIG) == 0);
        CHECK(after.c_lflag == before.c_lflag);
        CHECK(after.c_iflag == before.c_iflag);
    }
}
