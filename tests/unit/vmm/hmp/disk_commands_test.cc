// SPDX-License-Identifier: Apache-2.0
// Proves vmm/hmp/disk_commands.
#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/disk_commands") {
    TEST_CASE("block_resize takes MiB, or a size with a unit") {
        MonitorBench monitor;
        CHECK(monitor.run("block_resize d0 3").empty());
        CHECK(monitor.run("block_resize d0 1G").empty());
        CHECK(monitor.machine.calls().back() == "resize d0 1073741824");
        CHECK(monitor.machine.calls().at(monitor.machine.calls().size() - 2) ==
              "resize d0 3145728");
        CHECK(monitor.run("block_resize").find("block_resize: block device name expected") !=
              std::string::npos);
        CHECK(monitor.run("block_resize d0 x").find("invalid size") != std::string::npos);
    }

    TEST_CASE("block_set_io_throttle takes six numbers") {
        MonitorBench monitor;
        CHECK(monitor.run("block_set_io_throttle d0 1 2 3 4 5 6").empty());
        CHECK(monitor.machine.calls().back() == "throttle d0 1 6");
        CHECK_FALSE(monitor.run("block_set_io_throttle d0 1 2").empty());
    }

    TEST_CASE("info blockstats has a line a disk") {
        MonitorBench monitor;
        qmp::BlockStats disk;
        disk.device = "d0";
        disk.stats.rd_bytes = 512;
        disk.stats.idle_time_ns = 9;
        monitor.machine.disk_stats() = {disk};

        CHECK(monitor.run("info blockstats") ==
              "d0: rd_bytes=512 wr_bytes=0 rd_operations=0 wr_operations=0 flush_operations=0 "
              "wr_total_time_ns=0 rd_total_time_ns=0 flush_total_time_ns=0 rd_merged=0 wr_merged=0 "
              "idle_time_ns=9\r\n");
    }
}

}  // namespace siskin::hmp
