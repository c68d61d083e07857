// SPDX-License-Identifier: Apache-2.0
// Proves virtio/scsi/scsi_device and scsi_io: the configuration space, resets, units that leave.
#include "virtio/scsi/scsi_device.h"

#include <doctest/doctest.h>

#include <atomic>

#include "tests/unit/virtio/scsi/scsi_host_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

const std::vector<std::uint8_t> kRead{0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0};

}  // namespace

TEST_SUITE("virtio/scsi/scsi_device") {
    TEST_CASE("the configuration space tells the device's shape (§5.6.4)") {
        ScsiHostBench bench;
        const auto read = [&](std::uint64_t offset) {
            return bench.device->read_config(offset, 4);
        };
        CHECK(read(0) == 1);
        CHECK(read(4) == ScsiHostBench::kQueueSize - 2);
        CHECK(read(8) == 0xffff);
        CHECK(read(12) == 128);
        CHECK(read(16) == 16);
        CHECK(read(28) == 0x00ff0000);
        CHECK(read(32) == 16383);
        CHECK(bench.device->read_config(36, 8) == 0);
        CHECK(bench.device->read_config(34, 8) == 0);
        CHECK(bench.device->device_id() == 8);
    }

    TEST_CASE("sense_size and cdb_size are the driver's until a reset (§5.6.4.2)") {
        ScsiHostBench bench;
        const auto sense_size = [&] { return bench.device->read_config(20, 4); };
        const auto cdb_size = [&] { return bench.device->read_config(24, 4); };
        CHECK(sense_size() == 96);
        CHECK(cdb_size() == 32);
        bench.device->write_config(20, 4, 18);
        bench.device->write_config(24, 4, 16);
        CHECK(sense_size() == 18);
        CHECK(cdb_size() == 16);
        bench.device->write_config(24, 4, 256);
        bench.device->write_config(20, 4, 0xffffffff);
        bench.device->write_config(20, 2, 1);
        bench.device->write_config(0, 4, 9);
        CHECK(sense_size() == 18);
        CHECK(cdb_size() == 16);
        CHECK(bench.device->read_config(0, 4) == 1);
        std::atomic<bool> done{false};
        bench.device->deactivate([&] { done = true; });
        REQUIRE(eventually([&] { return done.load(); }));
        CHECK(sense_size() == 96);
        CHECK(cdb_size() == 32);
    }

    TEST_CASE("features are what the properties say") {
        const auto io = *IoThread::create("io");
        ScsiDeviceOptions options;
        options.hotplug = false;
        const auto device = *ScsiDevice::create(*io, options, "b.0");
        CHECK_FALSE(device->offered_features().has(spec::kScsiFeatureHotplug));
        CHECK(device->offered_features().has(spec::kScsiFeatureChange));
        options.queue_size = 100;
        CHECK(ScsiDevice::create(*io, options, "b.0").error().message ==
              "virtqueue_size is 100, allowed is a power of two");
    }

    TEST_CASE("a reset waits for commands in flight, and units begin anew (T08)") {
        ScsiHostBench bench;
        bench.clear_attention();
        bench.disk.hold();
        static_cast<void>(bench.send(kRead, 512));
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        std::atomic<bool> done{false};
        bench.device->deactivate([&] { done = true; });
        bench.settle();
        CHECK_FALSE(done.load());
        bench.disk.let_go();
        CHECK(eventually([&] { return done.load(); }));
    }

    TEST_CASE("a unit leaves when its last command is done, and other units go on (B07)") {
        ScsiHostBench bench;
        MemoryDisk& other = bench.other;
        bench.more.push_back(bench.plug(other, {}, {1, 1}, false));
        bench.clear_attention({1, 1, 0, 1});
        other.hold();
        const auto read = bench.send(kRead, 512, 0, {1, 1, 0, 1});
        REQUIRE(eventually([&] { return other.waiting() == 1; }));
        std::atomic<bool> gone{false};
        bench.more[0]->unplug([&] { gone = true; });
        bench.settle();
        CHECK_FALSE(gone.load());
        CHECK(bench.run({0x12, 0, 0, 0, 36, 0}, 36).response == spec::kScsiOk);
        other.let_go();
        CHECK(eventually([&] { return gone.load(); }));
        REQUIRE(bench.wait(2).has_value());
        CHECK(bench.guest.read<spec::ScsiResponseHeader>(read.response).response == spec::kScsiOk);
        bench.more.clear();
        CHECK_FALSE(other.claimed);
    }

    TEST_CASE("one queue can be reset while the others go on (T09)") {
        ScsiHostBench bench;
        std::atomic<bool> done{false};
        bench.device->reset_queue(QueueIndex{0}, [&] { done = true; });
        CHECK(eventually([&] { return done.load(); }));
        CHECK(bench.run({0x12, 0, 0, 0, 36, 0}, 36).response == spec::kScsiOk);
    }

    TEST_CASE("a pause waits for commands in flight and takes no more") {
        ScsiHostBench bench;
        bench.clear_attention();
        const unsigned before = bench.drivers[2]->used_index();
        std::atomic<bool> paused{false};
        bench.device->pause([&] { paused = true; });
        REQUIRE(eventually([&] { return paused.load(); }));
        static_cast<void>(bench.send({0, 0, 0, 0, 0, 0}));
        bench.settle();
        CHECK(bench.drivers[2]->used_index() == before);
        bench.device->allow_transfers(true);
        CHECK(bench.wait(2).has_value());
    }
}

}  // namespace siskin
