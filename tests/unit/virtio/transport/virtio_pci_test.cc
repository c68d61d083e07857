// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/virtio_pci: what a driver finds, and the life of the device.
#include "virtio/transport/virtio_pci.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

struct VendorCapability {
    std::uint32_t at;
    std::uint8_t bar;
    std::uint32_t offset;
    std::uint32_t length;
};

// By cfg_type, as a driver finds them.
std::map<unsigned, VendorCapability> vendor_capabilities(VirtioBench& bench) {
    std::map<unsigned, VendorCapability> found;
    auto at = static_cast<std::uint32_t>(bench.pci.read(VirtioBench::kBdf, 0x34, 1));
    for (int step = 0; at != 0 && step < 48; ++step) {
        const auto get = [&](std::uint32_t offset, unsigned width) {
            return static_cast<std::uint32_t>(
                bench.pci.read(VirtioBench::kBdf, at + offset, width));
        };
        if (get(0, 1) == 9) {
            found[get(3, 1)] =
                VendorCapability{at, static_cast<std::uint8_t>(get(4, 1)), get(8, 4), get(12, 4)};
        }
        at = get(1, 1);
    }
    return found;
}

// All registers a driver sees in the common configuration.
std::vector<std::uint64_t> dump(VirtioBench& bench) {
    std::vector<std::uint64_t> all;
    for (std::uint16_t queue = 0; queue < 3; ++queue) {
        bench.select(queue);
        for (std::uint64_t offset = 0; offset < 64; ++offset) {
            all.push_back(bench.common(offset, 1));
        }
    }
    bench.select(0);
    for (std::uint64_t offset = 0; offset < 64; ++offset) {
        all.push_back(bench.pci.memory_read(VirtioBench::kBar + 0x2000 + offset, 1));
    }
    return all;
}

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci") {
    TEST_CASE("the function is a modern virtio block device (virtio 1.2 §4.1.2)") {
        VirtioBench bench;
        const auto get = [&](std::uint32_t offset, unsigned width) {
            return bench.pci.read(VirtioBench::kBdf, offset, width);
        };

        CHECK(get(0x00, 2) == 0x1af4);
        CHECK(get(0x02, 2) == 0x1042);
        CHECK(get(0x08, 4) == 0x01000001);
        CHECK(get(0x2c, 2) == 0x1af4);
        CHECK(get(0x2e, 2) == 0x1100);
        CHECK(get(0x3d, 1) == 1);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 1) == 0x1000);
        CHECK(bench.pci.size_bar(VirtioBench::kBdf, 4) == 0x4000);
        CHECK(bench.pci.is_bar_64_bit(VirtioBench::kBdf, 4));
        CHECK(bench.pci.find_capability(VirtioBench::kBdf, 0x01).has_value());
        CHECK(bench.pci.find_capability(VirtioBench::kBdf, 0x10).has_value());
        CHECK(bench.pci.find_capability(VirtioBench::kBdf, 0x11).has_value());
    }

    TEST_CASE("below a port it is an endpoint, on a root bus a conventional function") {
        VirtioBench bench;
        const auto express = bench.pci.find_capability(VirtioBench::kBdf, 0x10);
        REQUIRE(express.has_value());
        CHECK((bench.pci.read(VirtioBench::kBdf, *express + 2, 2) >> 4 & 0xf) == 0);
        MemoryDisk disk(4096);
        const Bdf root_place{0, DevFn::of(5, 0)};

        const auto device = create_blk_pci(
            bench.machine.place(bench.machine.host.root(), root_place.devfn),
            std::make_shared<BlkPciConfig>(), bench.services,
            BlkPciBackends{disk, BlockThreads{{bench.io_thread.get()}, {}}, 1, nullptr});

        REQUIRE(device.has_value());
        CHECK_FALSE(bench.pci.find_capability(root_place, 0x10).has_value());
        CHECK_FALSE(bench.pci.find_capability(root_place, 0x01).has_value());
        CHECK(bench.pci.find_capability(root_place, 0x11).has_value());
    }

    TEST_CASE("ats=on is byte by byte QEMU's, alone and behind aer; the guest may switch it on") {
        BlkPciConfig settings;
        settings.virtio.ats = true;
        VirtioBench alone(settings);
        settings.virtio.aer = true;
        settings.virtio.x_ats_page_aligned = false;
        VirtioBench behind(settings);
        const auto get = [](VirtioBench& bench, std::uint32_t offset) {
            return bench.pci.read(VirtioBench::kBdf, offset, 4);
        };

        CHECK(get(alone, 0x100) == 0x0001000f);
        CHECK(get(alone, 0x104) == 0x00000020);
        CHECK(get(behind, 0x100) == 0x14820001);
        CHECK(get(behind, 0x148) == 0x0001000f);
        CHECK(get(behind, 0x14c) == 0);
        alone.pci.write(VirtioBench::kBdf, 0x104, 4, 0xffffffff);
        CHECK(get(alone, 0x104) == 0x801f0020);
    }

    TEST_CASE("serial number and ARI are there where asked for, and off a port they are not") {
        BlkPciConfig settings;
        settings.virtio.x_ari = true;
        settings.virtio.x_serial_number = 0x0123456789abcdef;
        VirtioBench bench(settings);
        const auto get = [&](std::uint32_t offset) {
            return bench.pci.read(VirtioBench::kBdf, offset, 4);
        };
        MemoryDisk disk(4096);

        const auto on_root = create_blk_pci(
            bench.machine.place(bench.machine.host.root(), DevFn::of(5, 0)),
            std::make_shared<BlkPciConfig>(settings), bench.services,
            BlkPciBackends{disk, BlockThreads{{bench.io_thread.get()}, {}}, 1, nullptr});

        CHECK(get(0x100) == 0x1081000e);
        CHECK(get(0x104) == 0);
        CHECK(get(0x108) == 0x00010003);
        CHECK(get(0x10c) == 0x89abcdef);
        CHECK(get(0x110) == 0x01234567);
        REQUIRE(on_root.has_value());
        CHECK(bench.pci.read({0, DevFn::of(5, 0)}, 0x100, 4) == 0xffffffff);
    }

    TEST_CASE("the five structures are found through their capabilities (§4.1.4)") {
        VirtioBench bench;

        auto found = vendor_capabilities(bench);

        REQUIRE(found.size() == 5);
        const std::uint32_t offsets[] = {0, 0x0000, 0x3000, 0x1000, 0x2000};
        for (unsigned type = 1; type <= 4; ++type) {
            CHECK(found[type].bar == 4);
            CHECK(found[type].offset == offsets[type]);
            CHECK(found[type].length == 0x1000);
        }
        CHECK(bench.pci.read(VirtioBench::kBdf, found[2].at + 16, 4) == 4);
        CHECK(bench.pci.read(VirtioBench::kBdf, found[2].at + 2, 1) == 20);
        CHECK(bench.pci.read(VirtioBench::kBdf, found[5].at + 2, 1) == 20);
    }

    TEST_CASE("vectors are one more than queues, or as many as asked for, or none") {
        VirtioBench bench;
        const auto at = bench.pci.find_capability(VirtioBench::kBdf, 0x11);
        CHECK((bench.pci.read(VirtioBench::kBdf, *at + 2, 2) & 0x7ff) == 2);  // 3 vectors

        BlkPciConfig settings;
        settings.virtio.vectors = 8;
        VirtioBench more(settings);
        CHECK((more.pci.read(VirtioBench::kBdf, *at + 2, 2) & 0x7ff) == 7);

        settings.virtio.vectors = 0;
        VirtioBench none(settings);
        CHECK_FALSE(none.pci.find_capability(VirtioBench::kBdf, 0x11).has_value());
    }

    TEST_CASE("properties decide which features of queues are offered") {
        VirtioBench bench;
        CHECK(bench.offered().has(spec::kFeatureRingEventIdx));
        CHECK(bench.offered().has(spec::kFeatureRingIndirectDesc));
        CHECK(bench.offered().has(spec::kFeatureVersion1));
        CHECK_FALSE(bench.offered().has(spec::kFeatureRingPacked));
        CHECK(bench.offered().has(spec::kFeatureRingReset));

        BlkPciConfig settings;
        settings.virtio.event_idx = false;
        settings.virtio.indirect_desc = false;
        settings.virtio.queue_reset = false;
        VirtioBench plain(settings);
        CHECK_FALSE(plain.offered().has(spec::kFeatureRingReset));
        CHECK_FALSE(plain.offered().has(spec::kFeatureRingEventIdx));
        CHECK_FALSE(plain.offered().has(spec::kFeatureRingIndirectDesc));
    }

    TEST_CASE("a request is served and its interrupt goes out by the queue's vector") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 1, MsiMessage{0xfee00000, 0x41}, false);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        bench.start(driver, {}, 1);

        CHECK(bench.run(driver, spec::kBlockRead, 0) == 0);

        bench.settle();
        bench.machine.msi.deliver();
        CHECK(bench.machine.msi.messages == std::vector{MsiMessage{0xfee00000, 0x41}});
        // §4.1.4.5.1: with MSI-X the ISR stays out of it.
        CHECK(bench.pci.memory_read(VirtioBench::kBar + 0x1000, 1) == 0);
    }

    TEST_CASE("a masked vector is pending, and goes out once when it is unmasked") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        const MsiMessage message{0xfee00000, 0x42};
        bench.pci.set_msix_entry(VirtioBench::kBdf, 1, message, true);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        bench.start(driver, {}, 1);
        for (int count = 0; count < 3; ++count) {
            REQUIRE(bench.run(driver, spec::kBlockRead, 0) == 0);
        }
        bench.settle();
        bench.machine.msi.deliver();
        CHECK(bench.machine.msi.messages.empty());

        bench.pci.set_msix_entry(VirtioBench::kBdf, 1, MsiMessage{0xfee01000, 0x43}, false);
        bench.machine.msi.deliver();

        CHECK(bench.machine.msi.messages == std::vector{MsiMessage{0xfee01000, 0x43}});
    }

    TEST_CASE("without a vector requests complete in silence, and no irqfd is spent (NO_VECTOR)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 0, MsiMessage{0xfee00000, 0x40}, false);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 1, MsiMessage{0xfee00000, 0x41}, false);
        bench.start(driver);

        CHECK(bench.run(driver, spec::kBlockRead, 0) == 0);

        CHECK(bench.machine.msi.bound_count() == 0);

        bench.settle();
        bench.relay.run();
        bench.machine.msi.deliver();
        CHECK(bench.machine.msi.messages.empty());
        CHECK(bench.pci.memory_read(VirtioBench::kBar + 0x1000, 1) == 0);
    }

    TEST_CASE("without MSI-X and irqfd the pin is asserted until the ISR is read (§4.1.4.5)") {
        BlkPciConfig settings;
        settings.virtio.x_irqfd = false;
        FakeIrqLine line;
        VirtioBench bench(settings);
        bench.machine.host.intx().connect(IntxInput{1, 0}, &line);
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);

        REQUIRE(bench.run(driver, spec::kBlockRead, 0) == 0);
        bench.settle();
        bench.relay.run();
        CHECK(line.asserted);

        CHECK(bench.pci.memory_read(VirtioBench::kBar + 0x1000, 1) == spec::kIsrQueue);
        CHECK_FALSE(line.asserted);
    }

    TEST_CASE("doorbells are bound at DRIVER_OK, follow the BAR and go with the reset") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        CHECK(bench.machine.doorbells.bound().empty());
        bench.start(driver);
        REQUIRE(bench.machine.doorbells.bound().size() == 1);
        CHECK(bench.machine.doorbells.bound()[0].address.value() == VirtioBench::kBar + 0x3000);

        bench.pci.assign_bar(VirtioBench::kBdf, 4, 0xe0200000);
        REQUIRE(bench.machine.doorbells.bound().size() == 1);
        CHECK(bench.machine.doorbells.bound()[0].address.value() == 0xe0203000);
        const auto request = bench.prepare(driver, 0, spec::kBlockRead, 0);
        driver.put_available(request.head);
        bench.pci.memory_write(0xe0203000, 2, 0);
        CHECK(eventually([&] { return driver.take_used().has_value(); }));

        bench.pci.assign_bar(VirtioBench::kBdf, 4, VirtioBench::kBar);
        CHECK(bench.reset_and_wait());
        CHECK(bench.machine.doorbells.bound().empty());
    }

    TEST_CASE("with ioeventfd=off, or refused by the kernel, requests are served all the same") {
        BlkPciConfig settings;
        settings.virtio.ioeventfd = false;
        VirtioBench off(settings);
        DriverQueue driver(off.guest, 16);
        off.start(driver);
        CHECK(off.machine.doorbells.bound().empty());
        CHECK(off.run(driver, spec::kBlockRead, 0) == 0);

        VirtioBench refused;
        refused.machine.doorbells.refusals = 1;
        DriverQueue other(refused.guest, 16);
        refused.start(other);
        CHECK(refused.run(other, spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("kicks before DRIVER_OK, after reset and for unknown queues do nothing (V14)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        const auto request = bench.prepare(driver, 0, spec::kBlockRead, 0);
        driver.put_available(request.head);
        bench.reach_features_ok({});
        bench.program_queue(0, driver);
        for (std::uint16_t queue = 0; queue < 1024; ++queue) {
            bench.notify(queue);
        }
        bench.settle();
        CHECK(driver.used_index() == 0);

        bench.set_status(15);
        REQUIRE(eventually([&] { return driver.used_index() == 1; }));
        REQUIRE(bench.reset_and_wait());
        driver.put_available(request.head);
        for (std::uint16_t queue = 0; queue < 1024; ++queue) {
            bench.notify(queue);
        }
        bench.settle();
        CHECK(driver.used_index() == 1);
    }

    TEST_CASE(
        "a broken ring sets DEVICE_NEEDS_RESET and interrupts; a reset cures it (V19, §2.1.2)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 0, MsiMessage{0xfee00000, 0x50}, false);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        bench.set_common(spec::kCommonConfigMsixVector, 2, 0);
        bench.start(driver, {}, 1);
        driver.set_available_index(1000);
        bench.notify();

        REQUIRE(eventually([&] { return (bench.status() & spec::kStatusNeedsReset) != 0; }));
        bench.settle();
        bench.machine.msi.deliver();
        CHECK(bench.machine.msi.messages == std::vector{MsiMessage{0xfee00000, 0x50}});

        REQUIRE(bench.reset_and_wait());
        DriverQueue fresh(bench.guest, 16);
        bench.start(fresh);
        CHECK(bench.run(fresh, spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("a device whose engine cannot start asks for a reset and the vCPU goes on (T10)") {
        VirtioBench bench;
        bench.disk.refuse_attach = true;
        DriverQueue driver(bench.guest, 16);

        bench.start(driver);

        CHECK(eventually([&] { return (bench.status() & spec::kStatusNeedsReset) != 0; }));
        bench.disk.refuse_attach = false;
        REQUIRE(bench.reset_and_wait());
        bench.start(driver);
        CHECK(bench.run(driver, spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("after a reset every register is as at power-on (T11)") {
        VirtioBench bench;
        const auto power_on = dump(bench);
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureConfigWce}, 1);
        REQUIRE(bench.run(driver, spec::kBlockRead, 0) == 0);

        REQUIRE(bench.reset_and_wait());

        CHECK(dump(bench) == power_on);
    }

    TEST_CASE("PCI cfg access reaches the status register, and works as the BAR does") {
        VirtioBench bench;
        const std::uint32_t at = vendor_capabilities(bench)[5].at;
        bench.pci.set_command(VirtioBench::kBdf, 0);
        bench.pci.write(VirtioBench::kBdf, at + 4, 1, 4);
        bench.pci.write(VirtioBench::kBdf, at + 8, 4, spec::kCommonDeviceStatus);
        bench.pci.write(VirtioBench::kBdf, at + 12, 4, 1);

        bench.pci.write(VirtioBench::kBdf, at + 16, 1, 1);

        CHECK(bench.pci.read(VirtioBench::kBdf, at + 16, 1) == 1);
        bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
        CHECK(bench.status() == 1);
    }
}

}  // namespace siskin
