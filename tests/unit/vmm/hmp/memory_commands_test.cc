// SPDX-License-Identifier: Apache-2.0
// x, xp, print and info registers.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/memory_commands") {
    TEST_CASE("xp reads physical, x virtual addresses") {
        MonitorBench monitor;
        monitor.machine.backend().memory[4] = std::byte{0xab};

        CHECK(monitor.run("xp/2xb 4") == "0000000000000004: 0xab 0x00\r\n");
        CHECK(monitor.run("x/2xb 0x10004") == "0000000000010004: 0xab 0x00\r\n");
        CHECK(monitor.run("x/2xb 4") == "0000000000000004: Cannot access memory\r\n");
        CHECK(monitor.run("xp 64") == "0000000000000040: Cannot access memory\r\n");
        CHECK(monitor.run("xp 0xffffffffffffffff") == "ffffffffffffffff: Cannot access memory\r\n");
    }

    TEST_CASE("a dump stops at the line that leaves memory") {
        MonitorBench monitor;

        CHECK(monitor.run("xp/8xw 48") ==
              "0000000000000030: 0x00000000 0x00000000 0x00000000 0x00000000\r\n"
              "0000000000000040: Cannot access memory\r\n");
    }

    TEST_CASE("print computes, with registers read once") {
        MonitorBench monitor;
        monitor.machine.backend().cpu.general[0] = 0x20;

        CHECK(monitor.run("p/x $eax+$rax") == "0x40\r\n");
        CHECK(monitor.machine.backend().register_reads == 1);
        CHECK(monitor.run("print /d 1+2*3") == "7\r\n");
        CHECK(monitor.machine.backend().register_reads == 1);
        CHECK(monitor.run("p $nope") ==
              "unknown register\r\nTry \"help p\" for more information\r\n");
        CHECK(monitor.run("p 1 2") ==
              "print|p: extraneous characters at the end of line\r\n"
              "Try \"help p\" for more information\r\n");
    }

    TEST_CASE("info registers shows the chosen CPU, one, or all") {
        MonitorBench monitor;

        CHECK(monitor.run("info registers").starts_with("\r\nCPU#0\r\nEAX="));
        CHECK(monitor.run("info registers 0") == monitor.run("info registers"));
        CHECK(monitor.run("info registers -a") == monitor.run("info registers"));
        CHECK(monitor.run("info registers 1") == "CPU#1 not available\r\n");
        CHECK(monitor.run("info registers -b") ==
              "registers: unsupported option -b\r\n"
              "Try \"help info registers\" for more information\r\n");
    }
}

}  // namespace siskin::hmp
