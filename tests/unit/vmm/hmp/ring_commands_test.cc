// SPDX-License-Identifier: Apache-2.0
// Proves vmm/hmp/ring_commands.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/ring_commands") {
    TEST_CASE("what is written is read, as much as was asked for") {
        MonitorBench monitor;

        CHECK(monitor.run("ringbuf_write ring \"hello you\"").empty());
        CHECK(monitor.run("ringbuf_read ring 5") == "hello\r\n");
        CHECK(monitor.run("ringbuf_read ring 0x20") == "hello you\r\n");
    }

    TEST_CASE("control characters and backslashes are shown so that they can be told apart") {
        MonitorBench monitor;
        REQUIRE(monitor.machine
                    .ringbuf_write({"ring", std::string("\x01\t\n\r\0\x7f\\a", 8), std::nullopt})
                    .has_value());

        CHECK(monitor.run("ringbuf_read ring 100") ==
              "\\u0001\t\r\n\\u000D\\u0000\\u007F\\\\a\r\n");
    }

    TEST_CASE("what is missing and what fails is said") {
        MonitorBench monitor;

        CHECK(monitor.run("ringbuf_write ring") ==
              "ringbuf_write: string expected\r\n"
              "Try \"help ringbuf_write\" for more information\r\n");
        CHECK(monitor.run("ringbuf_read ring") ==
              "unexpected end of expression\r\n"
              "Try \"help ringbuf_read\" for more information\r\n");
        CHECK(monitor.run("ringbuf_read ring -1") ==
              "'ringbuf_read' has failed: integer is for 32-bit values\r\n"
              "Try \"help ringbuf_read\" for more information\r\n");
        CHECK(monitor.run("ringbuf_write zz a") == "Error: Device 'zz' not found\r\n");
        CHECK(monitor.run("ringbuf_read zz 1") == "Error: Device 'zz' not found\r\n");
    }
}

}  // namespace siskin::hmp
