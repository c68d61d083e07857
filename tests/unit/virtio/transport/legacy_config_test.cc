// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/legacy_config, register by register.
#include "virtio/transport/legacy_config.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "tests/unit/virtio/legacy_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

// All bytes of the BAR, but for the ISR, which a read clears.
std::vector<std::uint64_t> dump(LegacyBench& bench) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t offset = 0; offset < 128; ++offset) {
        all.push_back(offset == spec::kLegacyIsrStatus ? 0 : bench.get(offset, 1));
    }
    return all;
}

BlkPciConfig legacy_alone() {
    BlkPciConfig settings;
    settings.virtio.disable_legacy = OnOffAuto::Off;
    settings.virtio.disable_modern = true;
    return settings;
}

}  // namespace

TEST_SUITE("virtio/transport/legacy_config") {
    TEST_CASE("a transitional disk has the old identifiers, and both interfaces (§4.1.2.3)") {
        LegacyBench bench;
        const auto get = [&](std::uint32_t offset, unsigned width) {
            return bench.pci.read(VirtioBench::kBdf, offset, width);
        };

        CHECK(get(0x00, 4) == 0x10011af4);
        CHECK(get(0x08, 4) == 0x01000000);
        CHECK(get(0x2c, 4) == 0x00021af4);
        CHECK((get(0x10, 4) & 1) == 1);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 0) == 0x80);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 1) == 0x1000);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 4) == 0x4000);
        CHECK(bench.pci.find_capability(VirtioBench::kBdf, 0x09).has_value());
        CHECK(bench.pci.find_capability(VirtioBench::kBdf, 0x10).has_value());
    }

    TEST_CASE("a legacy disk has no virtio capability, no modern BAR, and is conventional") {
        LegacyBench bench(legacy_alone());

        CHECK(bench.pci.read(VirtioBench::kBdf, 0, 4) == 0x10011af4);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 0) == 0x80);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 4) == 0);
        CHECK_FALSE(bench.pci.find_capability(VirtioBench::kBdf, 0x09).has_value());
        CHECK_FALSE(bench.pci.find_capability(VirtioBench::kBdf, 0x10).has_value());
        CHECK(bench.pci.find_capability(VirtioBench::kBdf, 0x11).has_value());
    }

    TEST_CASE("the BAR has room for the header and for what is offered, as in QEMU") {
        BlkPciConfig small;
        small.blk.discard = false;
        small.blk.write_zeroes = false;
        LegacyBench fewer(small);
        small.virtio.vectors = 0;
        LegacyBench without_msix(small);
        BlkPciConfig no_vectors;
        no_vectors.virtio.vectors = 0;
        LegacyBench usual(no_vectors);

        CHECK(fewer.pci.size_bar(VirtioBench::kBdf, 0) == 0x40);
        CHECK(without_msix.pci.size_bar(VirtioBench::kBdf, 0) == 0x40);
        CHECK(usual.pci.size_bar(VirtioBench::kBdf, 0) == 0x80);
    }

    TEST_CASE("the registers at power-on (virtio 1.2 §4.1.4.10)") {
        LegacyBench bench;

        CHECK(bench.get(spec::kLegacyDeviceFeatures, 4) ==
              ((bench.offered().bits() & 0xffffffff) | 1U << 27));
        bench.reset_and_wait();
        CHECK(bench.get(spec::kLegacyDriverFeatures, 4) == 0);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
        CHECK(bench.get(spec::kLegacyQueueSize, 2) == 256);
        CHECK(bench.get(spec::kLegacyQueueSelect, 2) == 0);
        CHECK(bench.get(spec::kLegacyQueueNotify, 2) == 0);
        CHECK(bench.get(spec::kLegacyDeviceStatus, 1) == 0);
        CHECK(bench.get(spec::kLegacyIsrStatus, 1) == 0);
        CHECK(bench.get(20, 8) == VirtioBench::kDiskSize / 512);
        CHECK(bench.get(127, 1) == 0);
    }

    TEST_CASE("with MSI-X two vectors come, and the configuration moves; and back (§4.1.4.10)") {
        LegacyBench bench;
        bench.set(spec::kLegacyConfigMsixVector, 2, 1);
        CHECK(bench.get(20, 8) == VirtioBench::kDiskSize / 512);

        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);

        CHECK(bench.get(20, 4) == 0xffffffff);
        CHECK(bench.get(24, 8) == VirtioBench::kDiskSize / 512);
        bench.set(spec::kLegacyConfigMsixVector, 2, 1);
        bench.set(spec::kLegacyQueueMsixVector, 2, 2);
        CHECK(bench.get(spec::kLegacyConfigMsixVector, 2) == 1);
        CHECK(bench.get(spec::kLegacyQueueMsixVector, 2) == 2);
        bench.set(spec::kLegacyConfigMsixVector, 2, 3);
        bench.set(spec::kLegacyQueueMsixVector, 2, 0xfffe);
        CHECK(bench.get(spec::kLegacyConfigMsixVector, 2) == 0xffff);
        CHECK(bench.get(spec::kLegacyQueueMsixVector, 2) == 0xffff);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0);
        CHECK(bench.get(20, 8) == VirtioBench::kDiskSize / 512);
    }

    TEST_CASE("a queue that is not there has no size and takes nothing (T02)") {
        for (const unsigned number : {2U, 3U, 0x7fffU, 0xffffU}) {
            const auto queue = static_cast<std::uint16_t>(number);
            LegacyBench bench;
            const DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
            bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);

            bench.set_queue(queue, LegacyBench::page_of(driver));
            bench.set(spec::kLegacyQueueMsixVector, 2, 1);
            bench.legacy_notify(queue);

            CAPTURE(queue);
            CHECK(bench.get(spec::kLegacyQueueSelect, 2) == queue);
            CHECK(bench.get(spec::kLegacyQueueSize, 2) == 0);
            CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
            CHECK(bench.get(spec::kLegacyQueueMsixVector, 2) == 0xffff);
        }
    }

    TEST_CASE("a queue's address is told in pages, and kept until it is given back as 0") {
        LegacyBench bench;
        const DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        const std::uint32_t page = LegacyBench::page_of(driver);

        bench.set_queue(1, page);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == page);
        bench.set(spec::kLegacyQueueAddress, 4, page + 1);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == page);
        bench.legacy_select(0);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
        bench.set_queue(1, 0);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
        bench.set(spec::kLegacyQueueAddress, 4, page);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == page);
    }

    TEST_CASE("an address that is not RAM, in part or at all, is refused (V04, V05)") {
        LegacyBench bench;
        const std::uint64_t low_end = TestGuest::kLowEnd / 4096;
        const std::uint64_t bar = VirtioBench::kBar / 4096;
        for (const std::uint64_t page :
             {low_end, low_end - 1, low_end - 2, bar, TestGuest::kHole / 4096,
              std::uint64_t{0xfffff}, std::uint64_t{0x7fffffff}, std::uint64_t{0xffffffff}}) {
            bench.set_queue(0, static_cast<std::uint32_t>(page));

            CAPTURE(page);
            CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
        }
        bench.set_queue(0, static_cast<std::uint32_t>(low_end - 3));
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == low_end - 3);
    }

    TEST_CASE("what is read-only, or written in another width than it has, stays (T12)") {
        LegacyBench bench;
        bench.set_legacy_status(1);
        const auto before = dump(bench);

        for (const unsigned width : {1U, 2U, 4U}) {
            for (const unsigned at : {0U, 12U, 19U}) {
                bench.set(at, width, 0xffffffff);
            }
        }
        for (const unsigned at : {4U, 6U, 8U, 10U}) {
            bench.set(at, 2, 0xffff);
        }
        for (const unsigned at : {5U, 7U, 14U, 15U, 16U, 17U}) {
            bench.set(at, 1, 0xff);
        }
        for (const unsigned at : {14U, 16U}) {
            bench.set(at, 4, 0x00010001);
        }
        bench.set(17, 2, 0xffff);
        bench.set(18, 2, 0);

        CHECK(dump(bench) == before);
    }

    TEST_CASE("any read is made of the bytes, whatever its width and place (T12)") {
        LegacyBench bench;
        bench.set_legacy_status(3);
        bench.legacy_select(1);
        const auto bytes = dump(bench);

        for (const unsigned width : {1U, 2U, 4U, 8U}) {
            for (std::uint64_t at = 0; at + width <= bytes.size(); ++at) {
                std::uint64_t wanted = 0;
                for (unsigned index = 0; index < width; ++index) {
                    wanted |= bytes[at + index] << (index * 8);
                }
                CAPTURE(at);
                CAPTURE(width);
                CHECK(bench.get(at, width) == wanted);
            }
        }
    }

    TEST_CASE(
        "features are those below 32 that were offered, until the device begins (§4.1.4.10)") {
        BlkPciConfig settings;
        settings.virtio.packed = true;
        settings.virtio.in_order = true;
        LegacyBench bench(settings);
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        const auto offered = bench.get(spec::kLegacyDeviceFeatures, 4);

        bench.set_features(0xffffffff);
        CHECK(bench.get(spec::kLegacyDriverFeatures, 4) == offered);
        CHECK((offered & 1U << 30) == 0);
        bench.start_legacy(driver, 1U << spec::kBlockFeatureFlush);
        bench.set_features(0xffffffff);

        CHECK(bench.get(spec::kLegacyDriverFeatures, 4) == 1U << spec::kBlockFeatureFlush);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("once a driver is modern, the legacy interface only resets (§2.2.3)") {
        LegacyBench bench;
        DriverQueue modern(bench.guest, 16);
        const DriverQueue other = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start(modern);
        const auto before = dump(bench);

        bench.set_features(0);
        bench.set_legacy_status(7);
        bench.set_queue(1, LegacyBench::page_of(other));
        bench.set(20 + 32, 1, 0);
        bench.legacy_notify(0);

        CHECK(dump(bench) == before);
        CHECK(bench.run(modern, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.set_legacy_status(0);
        CHECK(bench.wait_until_let_go());
        CHECK(bench.status() == 0);
    }

    TEST_CASE("once a driver is a legacy one, the modern interface only resets (§2.2.3)") {
        LegacyBench bench;
        DriverQueue legacy = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        const DriverQueue other(bench.guest, 16);
        bench.start_legacy(legacy);
        const auto before = dump(bench);

        bench.accept(FeatureSet{spec::kFeatureVersion1});
        bench.set_status(15);
        bench.program_queue(1, other);
        bench.set_common(spec::kCommonQueueReset, 2, 1);

        CHECK(dump(bench) == before);
        CHECK(bench.status() == 7);
        CHECK(bench.legacy_run(legacy, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        CHECK(bench.reset_and_wait());
        CHECK(bench.legacy_status() == 0);
        DriverQueue modern(bench.guest, 16);
        bench.start(modern);
        CHECK(bench.run(modern, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("random accesses in any state leave a device that a reset brings back") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        std::mt19937 random(5);
        for (int step = 0; step < 20000; ++step) {
            const unsigned width = 1U << random() % 4;
            const std::uint64_t at = random() % (128 - width + 1);
            std::uint64_t value = random() % 8 == 0 ? LegacyBench::page_of(driver) : random() % 16;
            value = random() % 8 == 0 ? ~std::uint64_t{0} : value;
            if (random() % 4 == 0) {
                static_cast<void>(bench.get(at, width));
            } else if (random() % 16 == 0) {
                bench.set_common(at % 64, width, value);
            } else {
                bench.set(at, width, value);
            }
        }

        bench.set_legacy_status(0);
        CHECK(bench.wait_until_let_go());
        DriverQueue fresh = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(fresh);
        CHECK(bench.legacy_run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }
}

}  // namespace siskin
