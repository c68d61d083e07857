// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_io with the transport above it: reset, pause and bus mastering.
#include "virtio/block/block_io.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

// The driver's first request is at the disk, which does not carry it out.
void start_with_held_read(VirtioBench& bench, DriverQueue& driver) {
    bench.start(driver);
    bench.disk.hold();
    driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
    bench.notify();
    REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
}

}  // namespace

TEST_SUITE("virtio/block/block_io") {
    TEST_CASE("a reset with requests in flight reads non-zero until they are done (T08, §2.4)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        bench.disk.hold();
        const auto first = bench.prepare(driver, 0, spec::kBlockRead, 0);
        const auto second = bench.prepare(driver, 1, spec::kBlockRead, 1);
        driver.put_available(first.head);
        driver.put_available(second.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 2; }));

        bench.set_status(0);
        bench.settle();
        CHECK(bench.status() == 15);
        bench.disk.let_go(1);
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        bench.settle();
        CHECK(bench.status() == 15);
        bench.set_status(0);  // again: nothing new
        bench.disk.let_go();

        CHECK(eventually([&] { return bench.status() == 0; }));
    }

    TEST_CASE("at every point of completion, no write reaches the guest after a reset (B07, T08)") {
        for (std::int64_t completed = 0; completed <= 4; ++completed) {
            VirtioBench bench;
            DriverQueue driver(bench.guest, 16);
            bench.disk.bytes.assign(bench.disk.bytes.size(), 0x77);
            bench.start(driver);
            bench.disk.hold();
            std::vector<VirtioBench::Request> requests;
            for (std::uint16_t slot = 0; slot < 4; ++slot) {
                requests.push_back(bench.prepare(driver, slot, spec::kBlockRead, slot));
                driver.put_available(requests.back().head);
            }
            bench.notify();
            REQUIRE(eventually([&] { return bench.disk.waiting() == 4; }));
            bench.disk.let_go(completed);
            bench.set_status(0);
            bench.disk.let_go();
            REQUIRE(eventually([&] { return bench.status() == 0; }));

            for (const auto& request : requests) {
                bench.guest.fill(request.data, 512, 0xcc);
                bench.guest.fill(request.status, 1, 0xcc);
            }
            const auto rings = bench.guest.bytes(driver.config().device_area.value(), 134);
            driver.put_available(requests[0].head);
            bench.notify();
            bench.settle();
            bench.settle();

            for (const auto& request : requests) {
                CHECK(bench.guest.bytes(request.data, 512) == std::vector<std::uint8_t>(512, 0xcc));
                CHECK(bench.status_of(request) == 0xcc);
            }
            CHECK(bench.guest.bytes(driver.config().device_area.value(), 134) == rings);
        }
    }

    TEST_CASE("a hundred resets in a row leave a device that works (T08)") {
        VirtioBench bench;
        for (int round = 0; round < 100; ++round) {
            bench.set_status(0);
            bench.set_status(0);
            REQUIRE(eventually([&] { return bench.status() == 0; }));
            bench.reach_features_ok({});
        }
        REQUIRE(bench.reset_and_wait());
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);

        CHECK(bench.run(driver, spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("a function level reset with requests in flight ends in power-on registers (T08)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        start_with_held_read(bench, driver);

        const auto express = bench.pci.find_capability(VirtioBench::kBdf, 0x10);
        bench.pci.write(VirtioBench::kBdf, *express + 8, 2, 0x8000);
        CHECK(bench.machine.doorbells.bound().empty());
        CHECK(bench.pci.bar_address(VirtioBench::kBdf, 4) == 0);
        bench.pci.assign_bar(VirtioBench::kBdf, 4, VirtioBench::kBar);
        bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
        CHECK(bench.status() == 15);
        bench.disk.let_go();

        REQUIRE(eventually([&] { return bench.status() == 0; }));
        DriverQueue fresh(bench.guest, 16);
        bench.start(fresh);
        CHECK(bench.run(fresh, spec::kBlockRead, 0) == 0);
    }

    TEST_CASE(
        "Transactions Pending tells of the last transfer after the bus master was switched off") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        const auto express = bench.pci.find_capability(VirtioBench::kBdf, 0x10);
        const auto pending = [&] {
            return (bench.pci.read(VirtioBench::kBdf, *express + 10, 2) & 0x20) != 0;
        };
        bench.disk.hold();
        driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        CHECK_FALSE(pending());

        bench.pci.set_command(VirtioBench::kBdf, 0x2);
        bench.settle();
        CHECK(pending());
        bench.disk.let_go();

        CHECK(eventually([&] { return !pending(); }));
        CHECK(driver.used_index() == 1);
    }

    TEST_CASE("a guest that toggles Bus Master Enable without end delays nobody (P13)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        std::promise<void> go_on;
        // The I/O thread is busy elsewhere all the while.
        bench.io_thread->post([&](IoLoop&) { go_on.get_future().wait(); });

        for (std::size_t turn = 0; turn < 3 * IoThread::kPostedMax; ++turn) {
            bench.pci.set_command(VirtioBench::kBdf, 0x2);
            bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
        }
        go_on.set_value();

        CHECK(bench.run(driver, spec::kBlockRead, 0) == 0);
    }

    TEST_CASE("a reset from outside is done when the last request is") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        start_with_held_read(bench, driver);
        std::atomic<int> done{0};

        bench.device->reset([&] { ++done; });
        bench.settle();
        CHECK(done == 0);
        bench.disk.let_go();

        CHECK(eventually([&] { return done == 1; }));
        bench.settle();
        CHECK(done == 1);
    }

    TEST_CASE("pause finishes what is in flight and takes nothing; resume looks at the rings") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        start_with_held_read(bench, driver);
        std::atomic<bool> paused{false};
        bench.device->pause([&] { paused = true; });
        bench.settle();
        CHECK_FALSE(paused);
        bench.disk.let_go();
        REQUIRE(eventually([&] { return paused.load(); }));
        CHECK(driver.used_index() == 1);

        driver.put_available(bench.prepare(driver, 1, spec::kBlockRead, 0).head);
        bench.notify();
        bench.settle();
        bench.settle();
        CHECK(driver.used_index() == 1);

        bench.device->resume();
        CHECK(eventually([&] { return driver.used_index() == 2; }));
    }

    TEST_CASE("what a disk hands back late is kept by a pause, and begun again by resume (B15)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        start_with_held_read(bench, driver);
        std::atomic<bool> paused{false};
        bench.device->pause([&] { paused = true; });
        bench.settle();
        CHECK_FALSE(paused);

        bench.disk.hand_back();

        REQUIRE(eventually([&] { return paused.load(); }));
        bench.settle();
        CHECK(bench.disk.waiting() == 0);
        CHECK(driver.used_index() == 0);
        bench.disk.let_go();
        bench.device->resume();
        CHECK(eventually([&] { return driver.used_index() == 1; }));
    }

    TEST_CASE("a queue that is reset costs another nothing that the disk hands back late (T09)") {
        BlkPciConfig settings;
        settings.blk.num_queues = std::uint16_t{2};
        VirtioBench bench(settings);
        DriverQueue first(bench.guest, 16);
        DriverQueue second(bench.guest, 16);
        bench.reach_features_ok(FeatureSet{spec::kFeatureRingReset});
        bench.program_queue(0, first);
        bench.program_queue(1, second);
        bench.set_status(15);
        bench.disk.hold();
        first.put_available(bench.prepare(first, 0, spec::kBlockRead, 0).head);
        second.put_available(bench.prepare(second, 0, spec::kBlockRead, 0).head);
        bench.notify(0);
        bench.notify(1);
        REQUIRE(eventually([&] { return bench.disk.waiting() == 2; }));
        bench.select(0);
        bench.set_common(spec::kCommonQueueReset, 2, 1);

        bench.disk.hand_back();

        CHECK(eventually([&] { return bench.common(spec::kCommonQueueReset, 2) == 0; }));
        CHECK(eventually([&] { return bench.disk.waiting() == 1; }));
        bench.disk.let_go();
        CHECK(eventually([&] { return second.used_index() == 1; }));
        CHECK(first.used_index() == 0);
    }

    TEST_CASE("a device that is started while the machine is paused waits for the resume") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.device->pause([] {});
        driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.start(driver);
        bench.notify();
        bench.settle();
        bench.settle();
        CHECK(driver.used_index() == 0);

        bench.device->resume();

        CHECK(eventually([&] { return driver.used_index() == 1; }));
    }

    TEST_CASE("without Bus Master Enable no chain is taken, before DRIVER_OK or after") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.pci.set_command(VirtioBench::kBdf, 0x2);
        bench.start(driver);
        driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.notify();
        bench.settle();
        bench.settle();
        CHECK(driver.used_index() == 0);

        bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
        CHECK(eventually([&] { return driver.used_index() == 1; }));

        bench.pci.set_command(VirtioBench::kBdf, 0x2);
        driver.put_available(bench.prepare(driver, 1, spec::kBlockRead, 0).head);
        bench.notify();
        bench.settle();
        bench.settle();
        CHECK(driver.used_index() == 1);
    }

    TEST_CASE("bus mastering does not resume a paused machine, nor the other way round") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        bench.device->pause([] {});
        bench.pci.set_command(VirtioBench::kBdf, 0x2);
        bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
        driver.put_available(bench.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.notify();
        bench.settle();
        bench.settle();
        CHECK(driver.used_index() == 0);

        bench.pci.set_command(VirtioBench::kBdf, 0x2);
        bench.device->resume();
        bench.settle();
        bench.settle();
        CHECK(driver.used_index() == 0);
        bench.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
        CHECK(eventually([&] { return driver.used_index() == 1; }));
    }

    TEST_CASE("a device that goes away with requests in flight waits for them (B07)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        start_with_held_read(bench, driver);
        std::thread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            bench.disk.let_go();
        });

        bench.device.reset();
        later.join();

        CHECK(bench.disk.waiting() == 0);
        CHECK_FALSE(bench.disk.claimed);
        CHECK_FALSE(bench.pci.is_present(VirtioBench::kBdf));
    }
}

}  // namespace siskin
