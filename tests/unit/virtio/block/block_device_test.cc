// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_device, block_io and block_queue: what a guest gets from its disk.
#include "virtio/block/block_device.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;
using Step = BlockOperation::Step;

namespace {

std::uint64_t config(VirtioBench& bench, std::uint64_t offset, unsigned width) {
    return bench.pci.memory_read(VirtioBench::kBar + VirtioPci::kDeviceOffset + offset, width);
}

void set_config(VirtioBench& bench, std::uint64_t offset, unsigned width, std::uint64_t value) {
    bench.pci.memory_write(VirtioBench::kBar + VirtioPci::kDeviceOffset + offset, width, value);
}

// An I/O thread that does nothing else until it is let go.
struct BusyThread {
    BusyThread() {
        thread->post([this](IoLoop&) { go_on.get_future().wait(); });
    }
    void let_go() { go_on.set_value(); }

    std::promise<void> go_on;
    std::unique_ptr<IoThread> thread = *IoThread::create("io");
};

}  // namespace

TEST_SUITE("virtio/block/block_device: registers") {
    TEST_CASE("configuration space tells the disk's shape (virtio 1.2 §5.2.4)") {
        BlkPciConfig settings;
        settings.blk.logical_block_size = ByteCount{512};
        settings.blk.physical_block_size = ByteCount{4096};
        settings.blk.queue_size = 128;
        VirtioBench bench(settings);

        CHECK(config(bench, 0, 8) == VirtioBench::kDiskSize / 512);
        CHECK(config(bench, 8, 4) == 0);
        CHECK(config(bench, 12, 4) == 126);
        CHECK(config(bench, 20, 4) == 512);
        CHECK(config(bench, 24, 1) == 3);
        CHECK(config(bench, 32, 1) == 1);
        CHECK(config(bench, 34, 2) == 2);
        CHECK(config(bench, 64, 8) == 0);
        CHECK(config(bench, 0xff8, 8) == 0);
        CHECK(bench.common(spec::kCommonNumQueues, 2) == 2);
        CHECK(bench.common(spec::kCommonQueueSize, 2) == 128);
    }

    TEST_CASE("any read of configuration space is its bytes (T12)") {
        VirtioBench bench;
        std::vector<std::uint64_t> bytes;
        for (std::uint64_t offset = 0; offset < 80; ++offset) {
            bytes.push_back(config(bench, offset, 1));
        }
        for (std::uint64_t offset = 0; offset < 72; ++offset) {
            for (const unsigned width : {2U, 4U, 8U}) {
                std::uint64_t expected = 0;
                for (unsigned byte = 0; byte < width; ++byte) {
                    expected |= bytes[offset + byte] << (byte * 8);
                }
                CHECK(config(bench, offset, width) == expected);
            }
        }
    }

    TEST_CASE("writes change nothing but writeback, which needs CONFIG_WCE (T12)") {
        VirtioBench bench;
        const auto dump = [&] {
            std::vector<std::uint64_t> bytes;
            for (std::uint64_t offset = 0; offset < 64; ++offset) {
                bytes.push_back(config(bench, offset, 1));
            }
            return bytes;
        };
        const auto before = dump();
        for (std::uint64_t offset = 0; offset < 80; ++offset) {
            for (const unsigned width : {1U, 2U, 4U, 8U}) {
                set_config(bench, offset, width, 0);
                set_config(bench, offset, width, ~std::uint64_t{0});
            }
        }
        CHECK(dump() == before);

        bench.reach_features_ok({spec::kBlockFeatureConfigWce, spec::kBlockFeatureFlush});
        set_config(bench, 32, 1, 0);
        CHECK(config(bench, 32, 1) == 0);
        set_config(bench, 32, 1, 1);
        CHECK(config(bench, 32, 1) == 1);
    }

    TEST_CASE("what is offered follows the node and the options") {
        VirtioBench bench;
        for (const unsigned feature :
             {spec::kBlockFeatureSegMax, spec::kBlockFeatureBlockSize, spec::kBlockFeatureFlush,
              spec::kBlockFeatureTopology, spec::kBlockFeatureConfigWce,
              spec::kBlockFeatureMultiQueue}) {
            CHECK(bench.offered().has(feature));
        }
        CHECK_FALSE(bench.offered().has(spec::kBlockFeatureReadOnly));
        CHECK(bench.offered().has(spec::kBlockFeatureDiscard));
        CHECK(bench.offered().has(spec::kBlockFeatureWriteZeroes));
        CHECK(bench.offered().has(spec::kBlockFeatureGeometry));
        CHECK_FALSE(bench.offered().has(spec::kBlockFeatureSizeMax));
        CHECK_FALSE(bench.offered().has(7));  // SCSI

        BlkPciConfig settings;
        settings.blk.discard = false;
        settings.blk.write_zeroes = false;
        settings.blk.num_queues = 1;
        settings.blk.config_wce = false;
        VirtioBench other(settings, true);
        CHECK(other.offered().has(spec::kBlockFeatureReadOnly));
        CHECK_FALSE(other.offered().has(spec::kBlockFeatureMultiQueue));
        CHECK_FALSE(other.offered().has(spec::kBlockFeatureConfigWce));
        CHECK_FALSE(other.offered().has(spec::kBlockFeatureDiscard));
        CHECK_FALSE(other.offered().has(spec::kBlockFeatureWriteZeroes));
    }
}

TEST_SUITE("virtio/block/block_device: durability") {
    TEST_CASE("with the write cache on a write is one write, and a flush one sync (B08)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureFlush});

        CHECK(bench.run(driver, spec::kBlockWrite, 2) == spec::kBlockStatusOk);
        CHECK(bench.run(driver, spec::kBlockFlush, 0, 0) == spec::kBlockStatusOk);

        CHECK(bench.disk.log() ==
              std::vector<MemoryDisk::Entry>{{Step::Write, 1024, 512}, {Step::Sync, 0, 0}});
    }

    TEST_CASE("a driver that cannot flush gets durable writes (B09, §5.2.6.2)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {});

        CHECK(bench.run(driver, spec::kBlockWrite, 0) == spec::kBlockStatusOk);

        const auto log = bench.disk.log();
        REQUIRE(log.size() == 2);
        CHECK(log[0].step == Step::Write);
        CHECK(log[1].step == Step::Sync);
    }

    TEST_CASE("with writeback switched off each write is durable, switched on again not (B09)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureFlush, spec::kBlockFeatureConfigWce});
        set_config(bench, 32, 1, 0);
        CHECK(bench.run(driver, spec::kBlockWrite, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.log().size() == 2);

        set_config(bench, 32, 1, 1);
        CHECK(bench.run(driver, spec::kBlockWrite, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.log().size() == 3);
    }

    TEST_CASE("write-cache=off begins with durable writes (B09)") {
        BlkPciConfig settings;
        settings.blk.write_cache = OnOffAuto::Off;
        VirtioBench bench(settings);
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureFlush});
        CHECK(config(bench, 32, 1) == 0);

        CHECK(bench.run(driver, spec::kBlockWrite, 0) == spec::kBlockStatusOk);

        CHECK(bench.disk.log().size() == 2);
    }

    TEST_CASE("what is on its way to the thread is there before the disk goes (T08)") {
        BusyThread busy;
        MemoryDisk disk(kMiB);
        auto device =
            *BlockDevice::create(disk, BlockThreads{{busy.thread.get()}, {}}, BlockDeviceOptions{});

        device->publish_size();
        device->set_throttle_group(std::make_shared<ThrottleGroup>("g"));
        auto gone = std::async(std::launch::async, [&] { device.reset(); });

        CHECK(gone.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
        busy.let_go();
        gone.get();
        CHECK_FALSE(disk.claimed);
    }

    TEST_CASE("a disk that nobody used but for its limits goes without its thread") {
        BusyThread busy;
        MemoryDisk disk(kMiB);
        auto device =
            *BlockDevice::create(disk, BlockThreads{{busy.thread.get()}, {}}, BlockDeviceOptions{});

        device->set_throttle_group(std::make_shared<ThrottleGroup>("g"));
        auto gone = std::async(std::launch::async, [&] { device.reset(); });

        CHECK(gone.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
        busy.let_go();
    }

    TEST_CASE("a durable write whose sync fails is an I/O error (B08)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.disk.fail_operation(1, EIO);
        bench.start(driver, {});

        CHECK(bench.run(driver, spec::kBlockWrite, 0) == spec::kBlockStatusIoError);
    }
}

}  // namespace siskin
