// SPDX-License-Identifier: Apache-2.0
// Commands that act: each is the QMP command of its name.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/control_commands") {
    TEST_CASE("run control goes through the handlers of QMP, by name and by alias") {
        MonitorBench monitor;

        for (const std::string_view line :
             {"cont", "s", "c", "system_powerdown", "system_reset", "stop", "q"}) {
            CHECK(monitor.run(line).empty());
        }

        CHECK(monitor.machine.calls() == std::vector<std::string>{"cont", "stop", "cont",
                                                                  "system_powerdown",
                                                                  "system_reset", "stop", "quit"});
    }

    TEST_CASE("cpu chooses a CPU that exists") {
        MonitorBench monitor;

        CHECK(monitor.run("cpu 0").empty());
        CHECK(monitor.run("cpu 1+0-1").empty());
        CHECK(monitor.run("cpu 5") == "invalid CPU index\r\n");
        CHECK(monitor.run("cpu -1") ==
              "'cpu' has failed: integer is for 32-bit values\r\n"
              "Try \"help cpu\" for more information\r\n");
        CHECK(monitor.run("cpu") ==
              "unexpected end of expression\r\nTry \"help cpu\" for more information\r\n");
        CHECK(monitor.state.cpu == 0);
    }

    TEST_CASE("help shows one command, one topic, or all") {
        MonitorBench monitor;

        CHECK(monitor.run("help c") == "cont|c  -- let the virtual CPUs run\r\n");
        CHECK(monitor.run("? cont stop") == "cont|c  -- let the virtual CPUs run\r\n");
        CHECK(monitor.run("help info status") == "info status  -- whether the machine runs\r\n");
        CHECK(monitor.run("help bogus") == "unknown command: 'bogus'\r\n");
        CHECK(monitor.run("help info bogus") == "unknown command: 'info bogus'\r\n");
        CHECK(monitor.run("help").starts_with("block_resize device size -- "));
        CHECK(monitor.run("?") == monitor.run("help"));
    }

    TEST_CASE("device_add and device_del hand on what they are given") {
        MonitorBench monitor;

        CHECK(monitor.run("device_add type,id=a").empty());
        CHECK(monitor.run("device_add help") == "types\r\n");
        CHECK(monitor.run("device_add") == "Error: Parameter 'driver' is missing\r\n");
        CHECK(monitor.run("device_del type,id=a").empty());
        CHECK(monitor.run("device_del a") == "Error: Device 'a' not found\r\n");
        CHECK(monitor.run("device_del") ==
              "device_del: string expected\r\nTry \"help device_del\" for more information\r\n");
    }

    TEST_CASE("nmi is the QMP command of that meaning") {
        MonitorBench monitor;

        CHECK(monitor.run("nmi").empty());
        CHECK(monitor.run("nmi 0") ==
              "nmi: extraneous characters at the end of line\r\n"
              "Try \"help nmi\" for more information\r\n");
        CHECK(monitor.machine.calls() == std::vector<std::string>{"inject-nmi"});
    }

    TEST_CASE("screendump hands on what it is given, and says why there is no picture") {
        MonitorBench monitor;
        const std::string refused = "Error: There is no console to take a screendump from\r\n";

        CHECK(monitor.run("screendump a.ppm") == refused);
        CHECK(monitor.run("screendump a.png -f png vga 1") == refused);
        CHECK(monitor.run("screendump a.png -f gif") == "Error: invalid parameter value: gif\r\n");
        CHECK(monitor.run("screendump") ==
              "screendump: filename expected\r\n"
              "Try \"help screendump\" for more information\r\n");
        CHECK(monitor.machine.calls() ==
              std::vector<std::string>{"screendump a.ppm - -1", "screendump a.png vga 1"});
    }

    TEST_CASE("sendkey says why it cannot") {
        MonitorBench monitor;

        CHECK(monitor.run("sendkey ctrl-alt-f1") ==
              "Error: no key can be sent, as this machine has no keyboard\r\n");
        CHECK(monitor.run("sendkey") ==
              "sendkey: string expected\r\nTry \"help sendkey\" for more information\r\n");
    }
}

}  // namespace siskin::hmp
