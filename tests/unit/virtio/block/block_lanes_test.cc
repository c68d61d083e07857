// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_lanes: a disk whose queues two I/O threads serve.
#include "virtio/block/block_lanes.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/virtio/ring_disk.h"
#include "virtio/block/block_device.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

BlkPciConfig two_queues() {
    BlkPciConfig settings;
    settings.blk.num_queues = std::uint16_t{2};
    return settings;
}

// Queue 0 is the first thread's, queue 1 the second's.
struct TwoThreads {
    TwoThreads()
        : bench(two_queues(), false, false, 2),
          first(bench, RingFormat::Split, 16),
          second(bench, RingFormat::Split, 16) {
        start();
    }
    void start() {
        bench.reach_features_ok(FeatureSet{spec::kFeatureRingReset, spec::kBlockFeatureFlush});
        bench.program_queue(0, first);
        bench.program_queue(1, second);
        bench.set_status(15);
    }
    // A request of each queue waits in the disk.
    void send_both() {
        bench.disk.hold();
        first.send(spec::kBlockRead, 0, 0);
        second.send(spec::kBlockRead, 1, 1);
        REQUIRE(eventually([&] { return bench.disk.waiting() == 2; }));
    }

    VirtioBench bench;
    RingDisk first;
    RingDisk second;
};

}  // namespace

TEST_SUITE("virtio/block/block_lanes") {
    TEST_CASE("a queue is served by its thread while the other thread is busy") {
        TwoThreads disk;
        std::promise<void> go_on;
        disk.bench.io_thread->post([&](IoLoop&) { go_on.get_future().wait(); });
        const auto waiting = disk.first.send(spec::kBlockRead, 0, 0);

        CHECK(disk.second.run(spec::kBlockRead, 1, 1) == spec::kBlockStatusOk);

        CHECK(disk.bench.guest.read<std::uint8_t>(waiting.status) == 0xee);
        go_on.set_value();
        CHECK(disk.first.wait().has_value());
    }

    TEST_CASE("a broken ring of one thread stops the queue of the other (V19, virtio 1.2 §2.1.2)") {
        TwoThreads disk;
        disk.bench.guest.span(disk.first.config().driver_area.value(), 4)
            .store<std::uint16_t>(1000, spec::kRingIndexOffset, std::memory_order_release);
        disk.bench.notify(0);
        REQUIRE(eventually(
            [&] { return (disk.bench.status() & virtio_spec::kStatusNeedsReset) != 0; }));
        disk.bench.settle();

        const auto untouched = disk.second.send(spec::kBlockRead, 1, 1);
        disk.bench.settle();
        CHECK(disk.bench.guest.read<std::uint8_t>(untouched.status) == 0xee);

        REQUIRE(disk.bench.reset_and_wait());
        RingDisk second(disk.bench, RingFormat::Split, 16);
        disk.bench.reach_features_ok({});
        disk.bench.program_queue(1, second);
        disk.bench.set_status(15);
        CHECK(second.run(spec::kBlockRead, 0, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("a reset ends when the requests of both threads are done") {
        TwoThreads disk;
        disk.send_both();
        disk.bench.set_status(0);
        disk.bench.disk.let_go(1);
        REQUIRE(eventually([&] { return disk.bench.disk.waiting() == 1; }));
        disk.bench.settle();
        CHECK(disk.bench.status() != 0);

        disk.bench.disk.let_go();

        CHECK(eventually([&] { return disk.bench.status() == 0; }));
    }

    TEST_CASE("a disk that was reset and set up again is served by both threads") {
        TwoThreads disk;
        REQUIRE(disk.bench.reset_and_wait());
        RingDisk first(disk.bench, RingFormat::Split, 16);
        RingDisk second(disk.bench, RingFormat::Split, 16);
        disk.bench.reach_features_ok({});
        disk.bench.program_queue(0, first);
        disk.bench.program_queue(1, second);
        disk.bench.set_status(15);

        CHECK(first.run(spec::kBlockRead, 0, 0) == spec::kBlockStatusOk);
        CHECK(second.run(spec::kBlockRead, 0, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("it is quiet when nothing of either thread is in flight, and goes on as a whole") {
        TwoThreads disk;
        disk.send_both();
        disk.bench.block().allow_transfers(false);
        disk.bench.disk.let_go(1);
        REQUIRE(eventually([&] { return disk.bench.disk.waiting() == 1; }));
        disk.bench.settle();
        CHECK_FALSE(disk.bench.block().is_quiet());

        disk.bench.disk.let_go();

        REQUIRE(eventually([&] { return disk.bench.block().is_quiet(); }));
        disk.bench.block().allow_transfers(true);
        REQUIRE(disk.first.wait().has_value());
        REQUIRE(disk.second.wait().has_value());
        CHECK(disk.first.run(spec::kBlockRead, 0, 0) == spec::kBlockStatusOk);
        CHECK(disk.second.run(spec::kBlockRead, 0, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("a resize waits for both threads, and both serve the new size") {
        TwoThreads disk;
        disk.send_both();
        const std::uint64_t sectors = VirtioBench::kDiskSize / 512;
        disk.bench.settle();
        const unsigned before = disk.bench.disk.releases;
        std::thread releaser([&] {
            CHECK(eventually([&] { return disk.bench.disk.releases == before + 2; }));
            disk.bench.disk.let_go();
        });

        const auto resized = disk.bench.block().resize(ByteCount{VirtioBench::kDiskSize + 512});

        releaser.join();
        CHECK(resized.has_value());
        CHECK(disk.bench.disk.waiting() == 0);
        REQUIRE(disk.first.wait().has_value());
        REQUIRE(disk.second.wait().has_value());
        CHECK(disk.first.run(spec::kBlockRead, sectors, 0) == spec::kBlockStatusOk);
        CHECK(disk.second.run(spec::kBlockRead, sectors, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("a queue of the second thread is reset alone, and comes back") {
        TwoThreads disk;
        disk.bench.select(1);
        disk.bench.set_common(spec::kCommonQueueReset, 2, 1);
        REQUIRE(eventually([&] { return disk.bench.common(spec::kCommonQueueReset, 2) == 0; }));
        REQUIRE(disk.first.run(spec::kBlockRead, 0, 0) == spec::kBlockStatusOk);

        RingDisk fresh(disk.bench, RingFormat::Split, 16);
        disk.bench.program_queue(1, fresh);

        CHECK(fresh.run(spec::kBlockRead, 0, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("a node that has one engine takes one thread, and is free again after the refusal") {
        VirtioBench bench(two_queues(), false, false, 2);
        bench.device.reset();
        bench.disk.one_engine = true;

        const auto refused = bench.create(two_queues());

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message ==
              "virtio-blk-pci: block node 'disk0' has one connection, its disk has 2 I/O threads, "
              "allowed is 1");
        CHECK_FALSE(bench.disk.claimed);
    }
}

}  // namespace siskin
