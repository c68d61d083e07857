// SPDX-License-Identifier: Apache-2.0
// Proves VIRTIO_F_RING_RESET from the registers to the disk: virtio/transport/common_config,
// virtio_pci and virtio/block/block_io together.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/unit/virtio/ring_disk.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::array kFormats{RingFormat::Split, RingFormat::Packed};
constexpr FeatureSet kReset{spec::kFeatureRingReset};

BlkPciConfig two_queues() {
    BlkPciConfig settings;
    settings.virtio.packed = true;
    settings.blk.num_queues = std::uint16_t{2};
    return settings;
}

// A running disk with two queues of 16.
struct Running {
    explicit Running(RingFormat format, FeatureSet more = kReset,
                     BlkPciConfig settings = two_queues())
        : bench(settings), first(bench, format, 16), second(bench, format, 16) {
        bench.reach_features_ok(first.features(more));
        bench.program_queue(0, first);
        bench.program_queue(1, second);
        bench.set_status(15);
        bench.select(0);
    }
    std::uint64_t get(std::uint64_t offset) { return bench.common(offset, 2); }
    void request_reset() { bench.set_common(spec::kCommonQueueReset, 2, 1); }
    bool reset_is_done() {
        return eventually([&] { return get(spec::kCommonQueueReset) == 0; });
    }

    VirtioBench bench;
    RingDisk first;
    RingDisk second;
};

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci") {
    TEST_CASE(
        "a queue's reset reads 1 until its last request is done, then 0 in both (T09, "
        "virtio 1.2 §4.1.4.3.1)") {
        for (const RingFormat format : kFormats) {
            Running disk(format);
            disk.bench.disk.hold();
            disk.first.send(spec::kBlockRead, 0);
            REQUIRE(eventually([&] { return disk.bench.disk.waiting() == 1; }));
            CHECK(disk.get(spec::kCommonQueueReset) == 0);

            disk.request_reset();
            disk.bench.settle();
            CHECK(disk.get(spec::kCommonQueueReset) == 1);
            CHECK(disk.get(spec::kCommonQueueEnable) == 1);
            disk.bench.disk.let_go();

            CHECK(disk.reset_is_done());
            CHECK(disk.get(spec::kCommonQueueEnable) == 0);
            CHECK(disk.bench.status() == 15);
        }
    }

    TEST_CASE("while one queue is being reset the others go on (T09, §2.6.1)") {
        for (const RingFormat format : kFormats) {
            Running disk(format);
            disk.bench.disk.hold();
            disk.first.send(spec::kBlockRead, 0);
            REQUIRE(eventually([&] { return disk.bench.disk.waiting() == 1; }));
            disk.request_reset();

            CHECK(disk.second.run(spec::kBlockGetId, 0, 1) == 0);

            CHECK(disk.get(spec::kCommonQueueReset) == 1);
            disk.bench.disk.let_go();
            CHECK(disk.reset_is_done());
            CHECK(disk.second.run(spec::kBlockRead, 1, 1) == 0);
        }
    }

    TEST_CASE("a queue that was reset takes nothing and writes nothing (T09, §2.6.1.1.1)") {
        for (const RingFormat format : kFormats) {
            Running disk(format);
            REQUIRE(disk.first.run(spec::kBlockRead, 0) == 0);
            disk.request_reset();
            REQUIRE(disk.reset_is_done());
            disk.first.send(spec::kBlockRead, 0);
            const auto before = disk.bench.guest.bytes(0, kMiB);

            disk.bench.notify(0);
            disk.bench.settle();
            disk.bench.settle();

            CHECK(disk.bench.guest.bytes(0, kMiB) == before);
            CHECK(disk.bench.device->notify().bound_count() == 1);
        }
    }

    TEST_CASE("its registers are as at power-on, and take another configuration (T09, §2.6.1.2)") {
        for (const RingFormat format : kFormats) {
            Running disk(format);
            REQUIRE(disk.first.run(spec::kBlockRead, 0) == 0);
            disk.request_reset();
            REQUIRE(disk.reset_is_done());
            CHECK(disk.get(spec::kCommonQueueSize) == 256);
            CHECK(disk.get(spec::kCommonQueueMsixVector) == spec::kNoVector);
            CHECK(disk.bench.common(spec::kCommonQueueDescriptorTable, 8) == 0);

            RingDisk fresh(disk.bench, format, 32);
            disk.bench.program_queue(0, fresh);

            CHECK(disk.get(spec::kCommonQueueEnable) == 1);
            CHECK(disk.get(spec::kCommonQueueReset) == 0);
            // Indices and wrap counters begin anew.
            for (int count = 0; count < 40; ++count) {
                REQUIRE(fresh.run(spec::kBlockRead, 0) == 0);
            }
            CHECK(disk.second.run(spec::kBlockRead, 1, 1) == 0);
        }
    }

    TEST_CASE("a queue enabled again is frozen again, and the other always was (T01, T09)") {
        Running disk(RingFormat::Split);
        disk.request_reset();
        REQUIRE(disk.reset_is_done());
        RingDisk fresh(disk.bench, RingFormat::Split, 32);
        disk.bench.program_queue(0, fresh);

        for (std::uint16_t queue = 0; queue < 2; ++queue) {
            disk.bench.select(queue);
            const auto size = disk.get(spec::kCommonQueueSize);
            disk.bench.set_common(spec::kCommonQueueSize, 2, 8);
            disk.bench.set_address(spec::kCommonQueueUsedRing, GuestAddress{0x1000});
            CHECK(disk.get(spec::kCommonQueueSize) == size);
            CHECK(disk.bench.common(spec::kCommonQueueUsedRing, 8) != 0x1000);
        }
        CHECK(fresh.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("during the reset writes are dropped, and 1 again is nothing new (T04, T09)") {
        Running disk(RingFormat::Packed);
        disk.bench.disk.hold();
        disk.first.send(spec::kBlockRead, 0);
        REQUIRE(eventually([&] { return disk.bench.disk.waiting() == 1; }));
        disk.request_reset();
        disk.request_reset();
        disk.bench.set_common(spec::kCommonQueueReset, 2, 0);
        disk.bench.set_common(spec::kCommonQueueSize, 2, 8);
        disk.bench.set_common(spec::kCommonQueueEnable, 2, 1);
        CHECK(disk.get(spec::kCommonQueueReset) == 1);
        CHECK(disk.get(spec::kCommonQueueSize) == 16);

        disk.bench.disk.let_go();

        REQUIRE(disk.reset_is_done());
        RingDisk fresh(disk.bench, RingFormat::Packed, 16);
        disk.bench.program_queue(0, fresh);
        CHECK(fresh.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("where it was not negotiated the register is not there (T09, §4.1.4.3)") {
        Running disk(RingFormat::Split, {});

        disk.request_reset();

        CHECK(disk.get(spec::kCommonQueueReset) == 0);
        CHECK(disk.get(spec::kCommonQueueEnable) == 1);
        CHECK(disk.first.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("a driver cannot accept RING_RESET where it is off (T06, T09)") {
        BlkPciConfig settings = two_queues();
        settings.virtio.queue_reset = false;
        VirtioBench bench(settings);

        bench.reach_features_ok(kReset);

        CHECK((bench.status() & spec::kStatusFeaturesOk) == 0);
    }

    TEST_CASE("values but 1, other widths and queues that are not there do nothing (T02, T09)") {
        Running disk(RingFormat::Split);
        for (const unsigned value : {0U, 2U, 0x101U, 0xffffU}) {
            disk.bench.set_common(spec::kCommonQueueReset, 2, value);
        }
        disk.bench.set_common(spec::kCommonQueueReset, 1, 1);
        disk.bench.set_common(spec::kCommonQueueReset, 4, 1);
        disk.bench.set_common(spec::kCommonQueueNotifyData, 4, 0x10001);
        CHECK(disk.get(spec::kCommonQueueEnable) == 1);
        for (const unsigned queue : {2U, 3U, 0x7fffU, 0xffffU}) {
            disk.bench.select(static_cast<std::uint16_t>(queue));
            disk.request_reset();
            CHECK(disk.get(spec::kCommonQueueReset) == 0);
        }
        CHECK(disk.first.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("a configuration that cannot work is refused after the reset, too (T09, V17)") {
        Running disk(RingFormat::Packed);
        disk.request_reset();
        REQUIRE(disk.reset_is_done());
        RingDisk fresh(disk.bench, RingFormat::Packed, 16);
        disk.bench.set_common(spec::kCommonQueueSize, 2, 16);
        disk.bench.set_address(spec::kCommonQueueDescriptorTable, GuestAddress{VirtioBench::kBar});
        disk.bench.set_common(spec::kCommonQueueEnable, 2, 1);
        CHECK(disk.get(spec::kCommonQueueEnable) == 0);

        disk.bench.program_queue(0, fresh);

        CHECK(fresh.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("a reset of the device ends a queue's reset (T08, T09)") {
        for (const RingFormat format : kFormats) {
            Running disk(format);
            disk.bench.disk.hold();
            disk.first.send(spec::kBlockRead, 0);
            REQUIRE(eventually([&] { return disk.bench.disk.waiting() == 1; }));
            disk.request_reset();
            disk.bench.set_status(0);
            disk.bench.settle();
            CHECK(disk.bench.status() == 15);
            disk.bench.disk.let_go();

            REQUIRE(eventually([&] { return disk.bench.status() == 0; }));
            disk.bench.select(0);
            CHECK(disk.get(spec::kCommonQueueReset) == 0);
            RingDisk fresh(disk.bench, format, 16);
            disk.bench.start(fresh, fresh.features());
            CHECK(fresh.run(spec::kBlockRead, 0) == 0);
        }
    }

    TEST_CASE("a queue reset while paused comes back with the resume (T09)") {
        Running disk(RingFormat::Split);
        bool paused = false;
        disk.bench.device->pause([&] { paused = true; });
        disk.bench.settle();
        REQUIRE(paused);
        disk.request_reset();
        REQUIRE(disk.reset_is_done());
        RingDisk fresh(disk.bench, RingFormat::Split, 16);
        disk.bench.program_queue(0, fresh);
        fresh.send(spec::kBlockRead, 0);
        disk.bench.settle();
        CHECK_FALSE(fresh.ring.take_used().has_value());

        disk.bench.device->resume();

        CHECK(fresh.wait().has_value());
    }

    TEST_CASE("500 resets of one queue beside traffic on the other leave both (T04, T09)") {
        for (const RingFormat format : kFormats) {
            Running disk(format);
            const std::uint64_t mark = disk.bench.guest.next_free();
            unsigned wrong = 0;
            for (int round = 0; round < 500; ++round) {
                disk.bench.guest.give_back(mark);
                disk.second.send(spec::kBlockRead, 1, 1);
                disk.bench.select(0);
                disk.request_reset();
                wrong += disk.reset_is_done() ? 0 : 1;
                RingDisk fresh(disk.bench, format, 8);
                disk.bench.guest.fill(fresh.config().descriptor_area.value(), 8 * 16, 0);
                disk.bench.guest.fill(fresh.config().driver_area.value(), 4, 0);
                disk.bench.guest.fill(fresh.config().device_area.value(), 4, 0);
                disk.bench.program_queue(0, fresh);
                wrong += fresh.run(spec::kBlockRead, 0) == 0 ? 0 : 1;
                wrong += disk.second.wait().has_value() ? 0 : 1;
            }
            CHECK(wrong == 0);
            CHECK(disk.bench.device->notify().bound_count() == 2);
        }
    }
}

}  // namespace siskin
