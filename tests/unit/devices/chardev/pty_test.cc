// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/pty.
#include "devices/chardev/pty.h"

#include <doctest/doctest.h>

#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::ChardevBackend;
using siskin::Fd;
using siskin::test::bytes_of;
using siskin::test::ChardevBench;
using siskin::test::read_some;
using siskin::test::RecordingFrontEnd;
using siskin::test::turn_until;

TEST_SUITE("devices/chardev/pty") {
    TEST_CASE("a reader who comes later finds the output, unchanged and not echoed") {
        ChardevBench bench;
        auto chardev = bench.make(ChardevBackend::Pty);
        REQUIRE(chardev.has_value());
        RecordingFrontEnd front_end(100);
        REQUIRE((*chardev)->attach(front_end).has_value());
        (*chardev)->write(bytes_of("a\r\nb\n"));
        bench.loop.run_ready();

        const Fd slave(::open((*chardev)->pty_path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
        REQUIRE(slave.valid());
        const std::string seen = read_some(slave.get());
        REQUIRE(::write(slave.get(), "x\003", 2) == 2);
        turn_until(bench.loop, [&] { return front_end.text().size() == 2; });

        CHECK(seen == "a\r\nb\n");
        CHECK(front_end.text() == "x\003");
        CHECK((*chardev)->filename() == "pty:" + (*chardev)->pty_path());
    }

    TEST_CASE("a terminal closed and opened again goes on working") {
        ChardevBench bench;
        auto chardev = bench.make(ChardevBackend::Pty);
        REQUIRE(chardev.has_value());
        Fd slave(::open((*chardev)->pty_path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
        slave.reset();
        bench.loop.run_ready();

        slave = Fd(::open((*chardev)->pty_path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
        (*chardev)->write(bytes_of("again"));
        bench.loop.run_ready();

        CHECK(read_some(slave.get()) == "again");
    }
}
