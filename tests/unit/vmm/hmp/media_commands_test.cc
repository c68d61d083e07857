// SPDX-License-Identifier: Apache-2.0
// Proves vmm/hmp/media_commands.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/vmm/hmp/monitor_bench.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/media_commands") {
    TEST_CASE("eject takes a drive, and may force it") {
        MonitorBench monitor;

        CHECK(monitor.run("eject cd0").empty());
        CHECK(monitor.machine.calls().back() == "eject cd0");
        CHECK(monitor.run("eject -f cd0").empty());
        CHECK(monitor.machine.calls().back() == "eject cd0 by force");
    }

    TEST_CASE("change takes a drive, a file, and may be told how to open it") {
        MonitorBench monitor;

        CHECK(monitor.run("change cd0 \"a b.iso\"").empty());
        CHECK(monitor.machine.calls().back() == "change cd0 a b.iso");
        CHECK(monitor.run("change cd0 -f b.iso raw read-write").empty());
        CHECK(monitor.machine.calls().back() == "change cd0 b.iso raw read-write by force");
    }

    TEST_CASE("what the command refuses is told, and nothing is asked for without a name") {
        MonitorBench monitor;

        CHECK(monitor.run("eject nope") == "Error: Device 'nope' not found\r\n");
        CHECK(monitor.run("change nope x raw") == "Error: Device 'nope' not found\r\n");
        const std::size_t calls = monitor.machine.calls().size();
        CHECK(monitor.run("eject").starts_with("eject: block device name expected\r\n"));
        CHECK(monitor.run("eject cd0 cd1").starts_with("eject: extraneous characters"));
        CHECK(monitor.run("eject -x cd0").starts_with("eject: unsupported option -x\r\n"));
        CHECK(monitor.run("change").starts_with("change: block device name expected\r\n"));
        CHECK(monitor.run("change cd0").starts_with("change: filename expected\r\n"));
        CHECK(monitor.run("change cd0 x raw read-maybe") ==
              "Error: invalid parameter value: read-maybe\r\n");
        CHECK(monitor.machine.calls().size() == calls);
    }
}

}  // namespace siskin::hmp
