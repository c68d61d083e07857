// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/virtio_pci with the features of queues: packed, in order, notification
// data; what the driver sees of a disk that has them.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/unit/virtio/ring_disk.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::array kFormats{RingFormat::Split, RingFormat::Packed};

BlkPciConfig everything() {
    BlkPciConfig settings;
    settings.virtio.packed = true;
    settings.virtio.in_order = true;
    settings.virtio.notification_data = true;
    return settings;
}

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci") {
    TEST_CASE("packed, in_order and notification_data are offered only where asked for (V21)") {
        VirtioBench plain;
        VirtioBench all(everything());
        for (const unsigned feature :
             {spec::kFeatureRingPacked, spec::kFeatureInOrder, spec::kFeatureNotificationData}) {
            CHECK_FALSE(plain.offered().has(feature));
            CHECK(all.offered().has(feature));
        }
    }

    TEST_CASE("a driver cannot accept RING_PACKED where it is off (T06, V21)") {
        VirtioBench bench;

        bench.reach_features_ok({spec::kFeatureRingPacked});

        CHECK((bench.status() & spec::kStatusFeaturesOk) == 0);
    }

    TEST_CASE("200 requests by every choice of features read and write the disk (V21)") {
        for (const RingFormat format : kFormats) {
            for (unsigned choice = 0; choice < 16; ++choice) {
                VirtioBench bench(everything());
                RingDisk disk(bench, format, 8);
                FeatureSet more;
                const std::array<unsigned, 4> features{
                    spec::kFeatureRingIndirectDesc, spec::kFeatureRingEventIdx,
                    spec::kFeatureInOrder, spec::kFeatureNotificationData};
                for (unsigned bit = 0; bit < features.size(); ++bit) {
                    if (((choice >> bit) & 1) != 0) {
                        more.add(features[bit]);
                    }
                }
                bench.start(disk, disk.features(more));
                unsigned wrong = 0;
                for (unsigned count = 0; count < 200; ++count) {
                    const bool indirect = (choice & 1) != 0 && count % 2 != 0;
                    const auto type = count % 3 == 0 ? spec::kBlockWrite : spec::kBlockRead;
                    wrong += disk.run(type, count % 64, 0, indirect) == 0 ? 0 : 1;
                }
                CHECK(wrong == 0);
            }
        }
    }

    TEST_CASE("with IN_ORDER a request that is done first waits for those before it (§2.7.9)") {
        for (const RingFormat format : kFormats) {
            VirtioBench bench(everything());
            RingDisk disk(bench, format, 16);
            bench.start(disk, disk.features({spec::kFeatureInOrder}));
            bench.disk.hold();
            const auto slow = disk.send(spec::kBlockRead, 0);
            const auto quick = disk.send(spec::kBlockGetId, 0);
            REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
            bench.settle();
            CHECK(bench.guest.read<std::uint8_t>(quick.status) == 0);
            CHECK_FALSE(disk.ring.take_used().has_value());

            bench.disk.let_go();

            CHECK(disk.wait()->id == slow.id);
            CHECK(disk.wait()->id == quick.id);
        }
    }

    TEST_CASE("with NOTIFICATION_DATA any 32-bit value rings the queue of its address (§4.1.5.2)") {
        for (const bool by_kernel : {false, true}) {
            BlkPciConfig settings = everything();
            settings.virtio.ioeventfd = by_kernel;
            VirtioBench bench(settings);
            RingDisk disk(bench, RingFormat::Packed, 8);
            bench.start(disk, disk.features({spec::kFeatureNotificationData}));
            const auto bound = bench.machine.doorbells.bound();
            CHECK(bound.size() == (by_kernel ? 1 : 0));
            for (unsigned count = 0; count < 20; ++count) {
                // le32 { vqn:16, next_off:15, next_wrap:1 }, right or wrong.
                bench.pci.memory_write(VirtioBench::kBar + VirtioPci::kNotifyOffset, 4,
                                       count << 16 | 0x80000000U | count % 3);
                CHECK(disk.run(spec::kBlockRead, 0) == 0);
            }
        }
    }

    TEST_CASE(
        "a packed ring that breaks sets DEVICE_NEEDS_RESET and interrupts; a reset cures it "
        "(V19, V21, §2.1.2)") {
        VirtioBench bench(everything());
        PackedDriverQueue driver(bench.guest, 16);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 0, MsiMessage{0xfee00000, 0x50}, false);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        bench.set_common(spec::kCommonConfigMsixVector, 2, 0);
        bench.start(driver, {spec::kFeatureRingPacked}, 1);
        driver.offer_descriptor(spec::PackedDescriptor{std::uint64_t{0x1000}, 1U, std::uint16_t{0},
                                                       spec::kDescriptorNext});
        bench.notify();

        REQUIRE(eventually([&] { return (bench.status() & spec::kStatusNeedsReset) != 0; }));
        bench.settle();
        bench.machine.msi.deliver();
        CHECK(bench.machine.msi.messages == std::vector{MsiMessage{0xfee00000, 0x50}});

        REQUIRE(bench.reset_and_wait());
        RingDisk fresh(bench, RingFormat::Packed, 16);
        bench.start(fresh, fresh.features());
        CHECK(fresh.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("packed: no area of the ring may lie in a BAR, nor be misaligned (V17, V18, V21)") {
        VirtioBench bench(everything());
        RingDisk disk(bench, RingFormat::Packed, 16);
        for (const std::uint64_t area :
             {spec::kCommonQueueDescriptorTable, spec::kCommonQueueAvailableRing,
              spec::kCommonQueueUsedRing}) {
            for (const std::uint64_t address :
                 {VirtioBench::kBar, VirtioBench::kMsixBar, PciMachine::kEcamBase,
                  std::uint64_t{0xfee00000}, std::uint64_t{0x20002}}) {
                REQUIRE(bench.reset_and_wait());
                bench.reach_features_ok(disk.features());
                bench.select(0);
                bench.set_common(spec::kCommonQueueSize, 2, 16);
                bench.set_address(spec::kCommonQueueDescriptorTable, disk.config().descriptor_area);
                bench.set_address(spec::kCommonQueueAvailableRing, disk.config().driver_area);
                bench.set_address(spec::kCommonQueueUsedRing, disk.config().device_area);
                bench.set_address(area, GuestAddress{address});
                bench.set_common(spec::kCommonQueueEnable, 2, 1);
                CHECK(bench.common(spec::kCommonQueueEnable, 2) == 0);
            }
        }
    }

    TEST_CASE("packed: data or tables in a BAR are refused, and the register is unchanged (V18)") {
        VirtioBench bench(everything());
        RingDisk disk(bench, RingFormat::Packed, 16);
        bench.start(disk, disk.features({spec::kFeatureRingIndirectDesc}));
        const std::uint64_t header = bench.guest.allocate(16);
        const std::uint64_t status = bench.guest.allocate(1);
        bench.guest.write(header, spec::BlockRequestHeader{spec::kBlockRead, 0U, 0U});
        for (const std::uint64_t target :
             {VirtioBench::kBar, VirtioBench::kBar + 0x3000, VirtioBench::kMsixBar,
              PciMachine::kEcamBase, std::uint64_t{0xfee00000}}) {
            const std::vector<DriverBuffer> buffers{
                {header, 16, false}, {target, 512, true}, {status, 1, true}};
            disk.ring.offer(buffers);
            bench.notify();
            CHECK(disk.wait()->length == 0);
            disk.ring.offer_indirect(buffers);
            bench.notify();
            CHECK(disk.wait()->length == 0);
        }
        CHECK(bench.status() == 15);
        CHECK(bench.disk.log().empty());
        CHECK(disk.run(spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("what the driver lent for reading is unchanged, whatever it asks for (V06)") {
        for (const RingFormat format : kFormats) {
            VirtioBench bench(everything());
            RingDisk disk(bench, format, 16);
            bench.start(disk, disk.features());
            bench.disk.bytes.assign(bench.disk.bytes.size(), 0x77);
            const std::uint64_t area = bench.guest.allocate(0x2000);
            for (const std::uint32_t type :
                 {spec::kBlockRead, spec::kBlockWrite, spec::kBlockFlush, spec::kBlockGetId, 99U}) {
                bench.guest.fill(area, 0x2000, 0xa5);
                bench.guest.write(area, spec::BlockRequestHeader{type, 0U, 0U});
                const auto before = bench.guest.bytes(area, 0x1000);
                disk.ring.offer(
                    {{area, 16, false}, {area + 16, 512, false}, {area + 600, 1, false}});
                bench.notify();
                REQUIRE(disk.wait().has_value());
                disk.ring.offer(
                    {{area, 16, false}, {area + 16, 512, false}, {area + 0x1800, 1, true}});
                bench.notify();
                REQUIRE(disk.wait().has_value());
                CHECK(bench.guest.bytes(area, 0x1000) == before);
            }
        }
    }

    TEST_CASE("kicks without end at a queue of any kind do not hold up its requests (V14)") {
        for (const RingFormat format : kFormats) {
            VirtioBench bench(everything());
            RingDisk disk(bench, format, 16);
            bench.start(disk, disk.features());
            for (int count = 0; count < 100000; ++count) {
                bench.notify(static_cast<std::uint16_t>(count % 4));
            }
            CHECK(disk.run(spec::kBlockRead, 0) == 0);
            CHECK(bench.status() == 15);
        }
    }
}

}  // namespace siskin
