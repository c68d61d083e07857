// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/commands_block_device as far as it needs no machine: numbers and limits.
#include "vmm/machine/commands_block_device.h"

#include <doctest/doctest.h>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

using enum ThrottleScope;

TEST_SUITE("vmm/machine/commands_block_device") {
    TEST_CASE("totals become the members of query-blockstats") {
        BlockTotals totals;
        totals.accounts[0] = {1, 2, 3, 4, 5};
        totals.accounts[1] = {6, 7, 8, 9, 10};
        totals.accounts[2] = {0, 11, 12, 0, 13};
        totals.accounts[3] = {14, 15, 16, 17, 18};
        totals.highest_offset = 19;
        totals.last_access_ns = 100;

        const auto stats = block_device_stats(totals, 130);

        CHECK(stats.rd_bytes == 1);
        CHECK(stats.rd_operations == 2);
        CHECK(stats.failed_rd_operations == 3);
        CHECK(stats.invalid_rd_operations == 4);
        CHECK(stats.rd_total_time_ns == 5);
        CHECK(stats.wr_bytes == 6);
        CHECK(stats.wr_total_time_ns == 10);
        CHECK(stats.flush_operations == 11);
        CHECK(stats.failed_flush_operations == 12);
        CHECK(stats.flush_total_time_ns == 13);
        CHECK(stats.unmap_bytes == 14);
        CHECK(stats.invalid_unmap_operations == 17);
        CHECK(stats.wr_highest_offset == 19);
        CHECK(stats.idle_time_ns == 30);
        CHECK(stats.rd_merged == 0);
        CHECK_FALSE(block_device_stats(BlockTotals{}, 130).idle_time_ns.has_value());
    }

    TEST_CASE("arguments become limits, negative ones are refused (B16)") {
        qmp::BlockSetIoThrottleArguments arguments;
        arguments.bps = 1000;
        arguments.bps_max = 2000;
        arguments.bps_max_length = 3;
        arguments.iops_wr = 7;
        const auto limits = throttle_limits_of(arguments);
        REQUIRE(limits.has_value());
        CHECK(limits->of(ThrottleUnit::Bytes, Total) == ThrottleLimit{1000, 2000, 3});
        CHECK(limits->of(ThrottleUnit::Requests, Write).average == 7);

        arguments.bps_max.reset();
        arguments.bps_max_length.reset();
        arguments.bps = -1;
        CHECK(throttle_limits_of(arguments).error().message ==
              "bps/iops/max values must be within [0, 1000000000000000]");
    }

    TEST_CASE("query-block tells the limits of the group, bursts only where there are any") {
        ThrottleGroup group("g");
        ThrottleLimits limits;
        limits.of(ThrottleUnit::Bytes, Total) = {1000, 2000, 3};
        limits.of(ThrottleUnit::Requests, Read).average = 5;
        limits.iops_size = 4096;
        group.configure(limits);
        qmp::BlockDeviceInfo info;

        tell_limits(group, info);

        CHECK(info.group == "g");
        CHECK(info.bps == 1000);
        CHECK(info.bps_max == 2000);
        CHECK(info.bps_max_length == 3);
        CHECK(info.iops_rd == 5);
        CHECK_FALSE(info.iops_rd_max.has_value());
        CHECK(info.iops == 0);
        CHECK(info.iops_size == 4096);
    }
}
