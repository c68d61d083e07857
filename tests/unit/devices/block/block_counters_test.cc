// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/block_counters, and that a device counts what its requests came to.
#include "devices/block/block_counters.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

TEST_SUITE("devices/block/block_counters") {
    TEST_CASE("what is done, failed and refused is told apart, and sums over queues") {
        BlockCounters first;
        BlockCounters second;
        first.count_done(BlockAccount::Read, 512, 10, 25);
        first.count_failed(BlockAccount::Read, true, 10, 15);
        first.count_failed(BlockAccount::Read, false, 10, 99);
        second.count_done(BlockAccount::Read, 1024, 30, 31);
        second.count_invalid(BlockAccount::Write, false, 500);
        second.note_write_end(4096);
        second.note_write_end(512);

        BlockTotals totals;
        first.add_to(totals);
        second.add_to(totals);

        CHECK(totals.of(BlockAccount::Read).operations == 2);
        CHECK(totals.of(BlockAccount::Read).bytes == 1536);
        CHECK(totals.of(BlockAccount::Read).failed == 2);
        CHECK(totals.of(BlockAccount::Read).total_time_ns == 15 + 5 + 1);
        CHECK(totals.of(BlockAccount::Write).invalid == 1);
        CHECK(totals.of(BlockAccount::Write).operations == 0);
        CHECK(totals.highest_offset == 4096);
        CHECK(totals.last_access_ns == 31);
    }

    TEST_CASE("a refused request ends idleness where it is to count") {
        BlockCounters counters;
        counters.count_invalid(BlockAccount::Read, true, 77);
        BlockTotals totals;
        counters.add_to(totals);
        CHECK(totals.last_access_ns == 77);
    }

    TEST_CASE("two queues' counters share no cache line") {
        CHECK(alignof(BlockCounters) == 64);
        CHECK(sizeof(BlockCounters) % 64 == 0);
    }

    TEST_CASE("a device counts requests, bytes, time, errors and refusals of each kind") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureFlush});
        CHECK(bench.block().totals().last_access_ns == 0);
        CHECK(bench.run(driver, spec::kBlockRead, 1, 1024) == spec::kBlockStatusOk);
        CHECK(bench.run(driver, spec::kBlockWrite, 7, 512) == spec::kBlockStatusOk);
        CHECK(bench.run(driver, spec::kBlockFlush, 0, 0) == spec::kBlockStatusOk);
        bench.disk.fail_operation(3, EIO);
        CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusIoError);
        CHECK(bench.run(driver, spec::kBlockWrite, 1 << 20) == spec::kBlockStatusIoError);

        const BlockTotals totals = bench.block().totals();
        const auto& reads = totals.of(BlockAccount::Read);
        CHECK(reads.operations == 1);
        CHECK(reads.bytes == 1024);
        CHECK(reads.failed == 1);
        CHECK(reads.invalid == 0);
        CHECK(reads.total_time_ns != 0);
        const auto& writes = totals.of(BlockAccount::Write);
        CHECK(writes.operations == 1);
        CHECK(writes.bytes == 512);
        CHECK(writes.invalid == 1);
        CHECK(totals.of(BlockAccount::Flush).operations == 1);
        CHECK(totals.of(BlockAccount::Flush).bytes == 0);
        CHECK(totals.of(BlockAccount::Unmap).operations == 0);
        CHECK(totals.highest_offset == 8 * 512);
        CHECK(totals.last_access_ns != 0);
        CHECK(totals.last_access_ns <= monotonic_ns());
    }

    TEST_CASE("counts stay over a reset of the device") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        REQUIRE(bench.reset_and_wait());

        CHECK(bench.block().totals().of(BlockAccount::Read).operations == 1);
    }
}

}  // namespace siskin
