// SPDX-License-Identifier: Apache-2.0
// Proves that whatever is done to a disk with limits, by its guest or by its host, it keeps them.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "tests/unit/virtio/ring_disk.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint16_t kQueueSize = 64;
constexpr int kTimes = 30;
constexpr unsigned kRequests = 8;
// A byte a second: what was begun is the first one, and no debt is paid while the test runs.
constexpr std::uint64_t kFirst = 1;

BlkPciConfig two_queues() {
    BlkPciConfig settings;
    settings.blk.num_queues = std::uint16_t{2};
    return settings;
}

struct LimitedDisk {
    LimitedDisk() : bench(two_queues()) {
        bench.more_threads.push_back(*IoThread::create("other"));
        start();
        ThrottleLimits limits;
        limits.of(ThrottleUnit::Bytes, ThrottleScope::Total).average = 1;
        group->configure(limits);
        bench.block().set_throttle_group(group);
    }
    void start() {
        first.emplace(bench, RingFormat::Split, kQueueSize);
        second.emplace(bench, RingFormat::Split, kQueueSize);
        bench.reach_features_ok(FeatureSet{spec::kFeatureRingReset, spec::kBlockFeatureFlush});
        bench.program_queue(0, *first);
        bench.program_queue(1, *second);
        bench.set_status(15);
    }
    void send() {
        for (unsigned count = 0; count < kRequests; ++count) {
            static_cast<void>(first->send(spec::kBlockWrite, count, 0));
            static_cast<void>(second->send(spec::kBlockRead, count, 1));
        }
        bench.settle();
    }
    // How many requests the disk has done.
    [[nodiscard]] std::size_t done() const { return bench.disk.log().size(); }
    // All of `count` requests come back once the limits are gone.
    bool all_come_back(unsigned count) {
        bench.block().set_throttle_group(nullptr);
        return eventually([&] {
            return first->ring.take_used().has_value() || second->ring.take_used().has_value()
                       ? --count == 0
                       : false;
        });
    }

    VirtioBench bench;
    MachineLock lock;
    std::shared_ptr<ThrottleGroup> group = std::make_shared<ThrottleGroup>("g");
    std::optional<RingDisk> first;
    std::optional<RingDisk> second;
};

}  // namespace

TEST_SUITE("virtio/block/block_device: limits") {
    TEST_CASE("stop and cont begin nothing that waits, and lose nothing (B16)") {
        LimitedDisk disk;
        disk.send();
        for (int count = 0; count < kTimes; ++count) {
            bool paused = false;
            disk.bench.device->pause([&] { paused = true; });
            disk.bench.settle();
            CHECK(paused);
            disk.bench.device->resume();
        }
        disk.bench.settle();

        CHECK(disk.done() == kFirst);
        CHECK(disk.all_come_back(2 * kRequests));
    }

    TEST_CASE("resizes begin nothing that waits, and lose nothing (B16, B14)") {
        LimitedDisk disk;
        disk.send();
        for (int count = 0; count < kTimes; ++count) {
            CHECK(disk.bench.block().resize(ByteCount{VirtioBench::kDiskSize}).has_value());
        }
        disk.bench.settle();

        CHECK(disk.done() == kFirst);
        CHECK(disk.all_come_back(2 * kRequests));
    }

    TEST_CASE("moves begin nothing that waits, and lose nothing (B16)") {
        LimitedDisk disk;
        disk.send();
        for (int count = 0; count < kTimes; ++count) {
            IoThread& thread =
                count % 2 == 0 ? *disk.bench.more_threads.front() : *disk.bench.io_thread;
            CHECK(disk.bench.block().move_to(thread, disk.lock).has_value());
        }
        disk.bench.settle();

        CHECK(disk.done() == kFirst);
        CHECK(disk.all_come_back(2 * kRequests));
    }

    TEST_CASE("a driver that resets its disk again and again gains nothing (B16, T08)") {
        LimitedDisk disk;
        for (int count = 0; count < kTimes; ++count) {
            disk.send();
            CHECK(disk.bench.reset_and_wait());
            disk.start();
        }
        disk.bench.settle();

        CHECK(disk.done() == kFirst);
    }

    TEST_CASE("nor does one that resets a queue, whose other queue loses nothing (B16, T09)") {
        LimitedDisk disk;
        disk.send();
        for (int count = 0; count < kTimes; ++count) {
            disk.bench.select(0);
            disk.bench.set_common(spec::kCommonQueueReset, 2, 1);
            CHECK(eventually([&] { return disk.bench.common(spec::kCommonQueueReset, 2) == 0; }));
            disk.first.emplace(disk.bench, RingFormat::Split, kQueueSize);
            disk.bench.program_queue(0, *disk.first);
            for (unsigned request = 0; request < kRequests; ++request) {
                static_cast<void>(disk.first->send(spec::kBlockWrite, request, 0));
            }
            disk.bench.settle();
        }

        CHECK(disk.done() == kFirst);
        CHECK(disk.all_come_back(2 * kRequests));
    }
}

}  // namespace siskin
