// SPDX-License-Identifier: Apache-2.0
// A disk used by the legacy interface: requests, interrupts, doorbells, resets, the write cache.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/unit/virtio/legacy_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr MsiMessage kMessage{0xfee00000, 0x41};
constexpr std::uint64_t kWriteback = 20 + 32;  // in the BAR, without MSI-X
constexpr std::uint32_t kFlush = 1U << spec::kBlockFeatureFlush;
constexpr std::uint32_t kConfigWce = 1U << spec::kBlockFeatureConfigWce;

// Whether what bytes() shows now is what it shows after all that was posted has run.
bool is_left_alone(LegacyBench& bench, std::uint64_t address) {
    bench.guest.fill(address, 512, 0x5a);
    bench.settle();
    const auto bytes = bench.guest.bytes(address, 512);
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0x5a; });
}

}  // namespace

TEST_SUITE("virtio/transport/legacy_disk") {
    TEST_CASE("a legacy driver reads, writes and flushes (§3.1.2)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        std::fill_n(bench.disk.bytes.begin() + 7 * 512, 512, std::uint8_t{0x77});
        bench.start_legacy(driver);

        const auto read = bench.prepare(driver, 0, spec::kBlockRead, 7);
        driver.put_available(read.head);
        bench.legacy_notify();
        REQUIRE(eventually([&] { return driver.take_used().has_value(); }));
        CHECK(bench.status_of(read) == spec::kBlockStatusOk);
        CHECK(bench.guest.bytes(read.data, 512) == std::vector<std::uint8_t>(512, 0x77));

        const auto write = bench.prepare(driver, 1, spec::kBlockWrite, 9);
        bench.guest.fill(write.data, 512, 0x99);
        driver.put_available(write.head);
        bench.legacy_notify();
        REQUIRE(eventually([&] { return driver.take_used().has_value(); }));
        CHECK(bench.status_of(write) == spec::kBlockStatusOk);
        CHECK(bench.disk.bytes[9 * 512] == 0x99);
        CHECK(bench.legacy_run(driver, spec::kBlockFlush, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("every queue works, with indirect descriptors and event indices too") {
        BlkPciConfig settings;
        settings.blk.num_queues = 4;
        LegacyBench bench(settings);
        std::vector<DriverQueue> drivers;
        for (std::uint16_t queue = 0; queue < 4; ++queue) {
            drivers.push_back(DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize));
        }
        bench.prepare_legacy(drivers[0], kFlush | 3U << 28 | 1U << spec::kBlockFeatureMultiQueue);
        for (std::uint16_t queue = 1; queue < 4; ++queue) {
            bench.set_queue(queue, LegacyBench::page_of(drivers[queue]));
        }
        bench.set_legacy_status(7);

        for (std::uint16_t queue = 0; queue < 4; ++queue) {
            CAPTURE(queue);
            CHECK(bench.legacy_run(drivers[queue], spec::kBlockRead, queue, queue) ==
                  spec::kBlockStatusOk);
        }
    }

    TEST_CASE("the pin is up from a completion until the ISR is read (§4.1.4.5)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.settle();

        CHECK(bench.get(spec::kLegacyIsrStatus, 1) == spec::kIsrQueue);
        CHECK(bench.get(spec::kLegacyIsrStatus, 1) == 0);
    }

    TEST_CASE("with MSI-X a completion sends the queue's message") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.pci.set_msix_control(VirtioBench::kBdf, 0x8000);
        bench.pci.set_msix_entry(VirtioBench::kBdf, 1, kMessage, false);
        bench.prepare_legacy(driver);
        bench.set(spec::kLegacyQueueMsixVector, 2, 1);
        bench.set_legacy_status(7);

        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.settle();
        bench.machine.msi.deliver();

        REQUIRE(bench.machine.msi.messages.size() == 1);
        CHECK(bench.machine.msi.messages[0] == kMessage);
        CHECK(bench.get(spec::kLegacyIsrStatus, 1) == 0);
    }

    TEST_CASE("a driver may use the device before DRIVER_OK, but not a failed one (§3.1.2)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.prepare_legacy(driver);

        CHECK(bench.legacy_run(driver, spec::kBlockRead, 3) == spec::kBlockStatusOk);
        DriverQueue second = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.set_queue(1, LegacyBench::page_of(second));
        CHECK(bench.legacy_run(second, spec::kBlockRead, 4, 1) == spec::kBlockStatusOk);
        bench.set_legacy_status(7);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 5) == spec::kBlockStatusOk);
        CHECK(bench.disk.log().size() == 3);

        bench.set_legacy_status(0);
        CHECK(bench.wait_until_let_go());
        DriverQueue third = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.prepare_legacy(third);
        bench.set_legacy_status(0x83);
        third.put_available(bench.prepare(third, 0, spec::kBlockRead, 0).head);
        bench.legacy_notify();
        bench.set_legacy_status(0x87);
        bench.settle();
        CHECK(bench.disk.log().size() == 3);
        CHECK(bench.legacy_status() == 0x83);
    }

    TEST_CASE("the order of the status bits is the driver's own, as old ones have none") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.set_legacy_status(1 | 2);
        bench.set_queue(0, LegacyBench::page_of(driver));

        bench.set_legacy_status(2 | 4);

        CHECK(bench.legacy_status() == 6);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.set_legacy_status(0xff & ~(4 | 128));
        CHECK(bench.legacy_status() == 7);
    }

    TEST_CASE("DRIVER_OK without a queue is nothing to wonder at") {
        LegacyBench bench;
        bench.set_legacy_status(1);
        bench.set_legacy_status(3);
        bench.set_legacy_status(7);
        bench.legacy_notify(0);
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);

        bench.set_queue(0, LegacyBench::page_of(driver));

        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("the doorbells are at the notification port and follow the BAR") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.prepare_legacy(driver);
        CHECK(bench.machine.doorbells.bound().empty());
        bench.set_legacy_status(7);

        REQUIRE(bench.machine.doorbells.bound().size() == 1);
        CHECK(bench.machine.doorbells.bound()[0].address == GuestAddress{0x1010});
        CHECK(bench.machine.doorbells.bound()[0].space == DoorbellSpace::Ports);
        CHECK(bench.machine.doorbells.bound()[0].match == 0);
        bench.pci.assign_bar(VirtioBench::kBdf, 0, 0x1080);
        REQUIRE(bench.machine.doorbells.bound().size() == 1);
        CHECK(bench.machine.doorbells.bound()[0].address == GuestAddress{0x1090});
        bench.pci.assign_bar(VirtioBench::kBdf, 0, LegacyBench::kPorts);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.set_legacy_status(0);
        CHECK(bench.machine.doorbells.bound().empty());
    }

    TEST_CASE("ioeventfd=off takes each notification on the vCPU's thread") {
        BlkPciConfig settings;
        settings.virtio.ioeventfd = false;
        LegacyBench bench(settings);
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);

        CHECK(bench.machine.doorbells.bound().empty());
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.set(spec::kLegacyQueueNotify, 2, 1);
        bench.set(spec::kLegacyQueueNotify, 2, 0xffff);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("DRIVER turns bus mastering on, which Linux before 2.6.34 does not") {
        LegacyBench bench;
        bench.pci.set_command(VirtioBench::kBdf, 0x3);
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);

        bench.set_legacy_status(1);
        CHECK(bench.pci.read(VirtioBench::kBdf, 4, 2) == 0x3);
        bench.start_legacy(driver);

        CHECK(bench.pci.read(VirtioBench::kBdf, 4, 2) == 0x7);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.pci.set_command(VirtioBench::kBdf, 0x3);
        driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.legacy_notify();
        bench.settle();
        CHECK_FALSE(driver.take_used().has_value());
    }

    TEST_CASE("a reset with requests in flight holds its vCPU until no more is written (T08)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);
        bench.disk.hold();
        const auto read = bench.prepare(driver, 0, spec::kBlockRead, 7);
        driver.put_available(read.head);
        bench.legacy_notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));

        bench.set_legacy_status(0);
        CHECK(bench.hold.is_held());
        bench.set_legacy_status(0);
        bench.disk.let_go();
        REQUIRE(bench.wait_until_let_go());

        CHECK(is_left_alone(bench, read.data));
        CHECK(bench.legacy_status() == 0);
        DriverQueue fresh = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(fresh);
        CHECK(bench.legacy_run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("so does a legacy reset in the middle of a modern one") {
        LegacyBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        bench.disk.hold();
        const auto read = bench.prepare(driver, 0, spec::kBlockRead, 7);
        driver.put_available(read.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));

        bench.set_status(0);
        CHECK_FALSE(bench.hold.is_held());
        bench.set_legacy_status(0);
        CHECK(bench.hold.is_held());
        bench.disk.let_go();

        REQUIRE(bench.wait_until_let_go());
        CHECK(is_left_alone(bench, read.data));
        CHECK(bench.status() == 0);
    }

    TEST_CASE("a queue that is given back under I/O holds the vCPU, and comes again elsewhere") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);
        bench.disk.hold();
        const auto read = bench.prepare(driver, 0, spec::kBlockRead, 7);
        driver.put_available(read.head);
        bench.legacy_notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));

        bench.set_queue(0, 0);
        CHECK(bench.hold.is_held());
        bench.disk.let_go();
        REQUIRE(bench.wait_until_let_go());

        CHECK(is_left_alone(bench, read.data));
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
        DriverQueue fresh = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.set_queue(0, LegacyBench::page_of(fresh));
        CHECK(bench.legacy_run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("the write cache may be switched before any status or feature (§5.2.5.3)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        CHECK(bench.get(kWriteback, 1) == 1);

        bench.set(kWriteback, 1, 0);
        CHECK(bench.get(kWriteback, 1) == 0);
        bench.set_legacy_status(1);
        bench.set_legacy_status(3);
        bench.set_features(kConfigWce);
        CHECK(bench.get(kWriteback, 1) == 0);
        bench.set_queue(0, LegacyBench::page_of(driver));
        bench.set_legacy_status(7);
        CHECK(bench.get(kWriteback, 1) == 0);
        bench.set(kWriteback, 1, 1);
        CHECK(bench.get(kWriteback, 1) == 1);
        bench.set(kWriteback - 2, 4, 0);
        CHECK(bench.get(kWriteback, 1) == 0);
        bench.set_legacy_status(0);
        CHECK(bench.wait_until_let_go());
        CHECK(bench.get(kWriteback, 1) == 1);
    }

    TEST_CASE("a driver without CONFIG_WCE has the cache that its FLUSH asks for (§5.2.5.3)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.prepare_legacy(driver, 0);
        CHECK(bench.get(kWriteback, 1) == 1);

        bench.set_legacy_status(7);
        CHECK(bench.get(kWriteback, 1) == 0);
        bench.set(kWriteback, 1, 1);
        CHECK(bench.get(kWriteback, 1) == 0);

        bench.set_legacy_status(0);
        CHECK(bench.wait_until_let_go());
        DriverQueue again = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(again, kFlush);
        CHECK(bench.get(kWriteback, 1) == 1);
        bench.set(kWriteback, 1, 0);
        CHECK(bench.get(kWriteback, 1) == 1);
    }

    TEST_CASE("a read-only disk refuses a legacy driver's writes, whatever it accepted (T07)") {
        LegacyBench bench({}, true);
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver, 0);

        CHECK(bench.legacy_run(driver, spec::kBlockWrite, 0) == spec::kBlockStatusIoError);
        CHECK(bench.legacy_run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("discard needs its feature from a legacy driver, too (T07)") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);

        CHECK(bench.legacy_run(driver, spec::kBlockDiscard, 0) == spec::kBlockStatusUnsupported);
    }

    TEST_CASE("a broken ring shows no bit that old drivers do not know, and a reset cures it") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);

        driver.set_available_index(0x8000);
        bench.legacy_notify();
        REQUIRE(eventually([&] { return (bench.status() & spec::kStatusNeedsReset) != 0; }));

        CHECK(bench.legacy_status() == 7);
        bench.set_legacy_status(0);
        CHECK(bench.wait_until_let_go());
        DriverQueue fresh = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(fresh);
        CHECK(bench.legacy_run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("a function level reset ends a legacy driver's device like any other") {
        LegacyBench bench;
        DriverQueue driver = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(driver);
        const auto express = bench.pci.find_capability(VirtioBench::kBdf, 0x10);
        REQUIRE(express.has_value());

        bench.pci.write(VirtioBench::kBdf, *express + 8, 2, 0x8000);
        bench.settle();
        bench.map();

        CHECK(bench.legacy_status() == 0);
        CHECK(bench.get(spec::kLegacyQueueAddress, 4) == 0);
        DriverQueue fresh = DriverQueue::legacy(bench.guest, LegacyBench::kQueueSize);
        bench.start_legacy(fresh);
        CHECK(bench.legacy_run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }
}

}  // namespace siskin
