// SPDX-License-Identifier: Apache-2.0
// human-monitor-command.
#include "vmm/hmp/human_handlers.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {
namespace {

struct HandlersBench : MonitorBench {
    std::string ask(const std::string& line, std::optional<std::int64_t> cpu = std::nullopt) {
        qmp::HumanMonitorCommandArguments arguments;
        arguments.command_line = line;
        arguments.cpu_index = cpu;
        const auto answer = handlers.human_monitor_command(arguments);
        return answer ? *answer : "error: " + answer.error().message;
    }

    HumanHandlers handlers{machine.services()};
};

}  // namespace

TEST_SUITE("vmm/hmp/human_handlers") {
    TEST_CASE("what is wrong with a line is an answer, not an error") {
        HandlersBench monitor;

        CHECK(monitor.ask("info status") == "VM status: paused (prelaunch)\r\n");
        CHECK(monitor.ask("bogus") == "unknown command: 'bogus'\r\n");
        CHECK(monitor.ask("").empty());
    }

    TEST_CASE("a CPU that does not exist is an error, before the line runs") {
        HandlersBench monitor;

        CHECK(monitor.ask("info cpus", 0) == "* CPU #0: thread_id=1\r\n");
        CHECK(monitor.ask("stop", 5) == "error: Parameter 'cpu-index' expects a CPU number");
        CHECK(monitor.ask("stop", -1) == "error: Parameter 'cpu-index' expects a CPU number");
        CHECK(monitor.machine.calls().empty());
    }

    TEST_CASE("a format stays from call to call") {
        HandlersBench monitor;

        CHECK(monitor.ask("p/d 16") == "16\r\n");
        CHECK(monitor.ask("p 16") == "16\r\n");
    }
}

}  // namespace siskin::hmp
