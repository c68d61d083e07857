// SPDX-License-Identifier: Apache-2.0
// From a line to its answer; the words are those of QEMU 7.2.
#include "vmm/hmp/interpreter.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/interpreter") {
    TEST_CASE("a command answers with lines that end in CR LF, a silent one with nothing") {
        MonitorBench monitor;

        CHECK(monitor.run("info status") == "VM status: paused (prelaunch)\r\n");
        CHECK(monitor.run("  info   status  \r\n") == "VM status: paused (prelaunch)\r\n");
        CHECK(monitor.run("stop").empty());
        CHECK(monitor.run("").empty());
        CHECK(monitor.run("   ").empty());
    }

    TEST_CASE("what nobody knows is named") {
        MonitorBench monitor;

        CHECK(monitor.run("bogus x") == "unknown command: 'bogus'\r\n");
        CHECK(monitor.run("info bogus") == "unknown command: 'info bogus'\r\n");
        CHECK(monitor.run("STOP") == "unknown command: 'STOP'\r\n");
        CHECK(monitor.run("stop;cont") == "unknown command: 'stop;cont'\r\n");
        CHECK(monitor.run("/x") == "unknown command: ''\r\n");
    }

    TEST_CASE("an error of syntax points to help, under the name that was typed") {
        MonitorBench monitor;

        CHECK(monitor.run("s now") ==
              "stop|s: extraneous characters at the end of line\r\n"
              "Try \"help s\" for more information\r\n");
        CHECK(monitor.run("info status foo") ==
              "status: extraneous characters at the end of line\r\n"
              "Try \"help info status\" for more information\r\n");
        CHECK(monitor.machine.calls().empty());
    }

    TEST_CASE("info alone lists its topics") {
        MonitorBench monitor;

        const std::string text = monitor.run("info");

        CHECK(text.starts_with("info block [-v] [device] -- "));
        CHECK(text.find("\r\ninfo version  -- ") != std::string::npos);
        CHECK(monitor.run("help info") == text);
    }

    TEST_CASE("a line has at most 4095 bytes") {
        MonitorBench monitor;

        CHECK(monitor.run("stop" + std::string(Interpreter::kLineMax - 4, ' ')).empty());
        CHECK(monitor.run("stop" + std::string(Interpreter::kLineMax - 3, ' ')) ==
              "a command line has at most 4095 bytes\r\n");
    }

    TEST_CASE("an answer has at most 1 MiB and tells when it was cut") {
        MonitorBench monitor;
        monitor.machine.backend().threads.assign(100000, {"thread", 1});

        const std::string text = monitor.run("info iothreads");

        CHECK(text.size() <= Interpreter::kOutputMax);
        CHECK(text.size() > Interpreter::kOutputMax - 200);
        CHECK(text.ends_with(
            "=0\r\nthe answer is longer than 1048576 bytes; the rest is left out\r\n"));
    }

    TEST_CASE("the largest dump stays below the limit of an answer") {
        MonitorBench monitor;

        CHECK(monitor.run("xp/65536cb 0").size() < Interpreter::kOutputMax);
        CHECK(monitor.run("xp/65537cb 0") ==
              "count is 65537, the most for units of 1 byte is 65536\r\n"
              "Try \"help xp\" for more information\r\n");
    }

    TEST_CASE("check_cpu knows the CPUs that there are") {
        MonitorBench monitor;

        CHECK(monitor.interpreter.check_cpu(0).has_value());
        CHECK_FALSE(monitor.interpreter.check_cpu(1).has_value());
        CHECK(monitor.interpreter.check_cpu(-1).error().message ==
              "Parameter 'cpu-index' expects a CPU number");
    }
}

}  // namespace siskin::hmp
