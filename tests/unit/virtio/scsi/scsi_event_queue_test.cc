// SPDX-License-Identifier: Apache-2.0
// Proves virtio/scsi/scsi_event_queue: what a driver is told of units that come and go.
#include "virtio/scsi/scsi_event_queue.h"

#include <doctest/doctest.h>

#include "tests/unit/virtio/scsi/scsi_host_bench.h"

namespace siskin {

namespace spec = virtio_spec;

TEST_SUITE("virtio/scsi/scsi_event_queue") {
    TEST_CASE("a unit that comes and one that goes are told, with their address (§5.6.6.3)") {
        ScsiHostBench bench;
        MemoryDisk& other = bench.other;
        const std::uint64_t first = bench.offer_event_buffer();
        const std::uint64_t second = bench.offer_event_buffer();
        bench.more.push_back(bench.plug(other, {}, {3, 300}, true));
        CHECK(bench.wait(1)->length == 16);
        const auto came = bench.guest.read<spec::ScsiEvent>(first);
        CHECK(came.event == spec::kScsiEventTransportReset);
        CHECK(came.reason == spec::kScsiResetRescan);
        CHECK(came.lun == spec::ScsiLunField{1, 3, 0x41, 44});
        bench.more.clear();
        CHECK(bench.wait(1)->length == 16);
        CHECK(bench.guest.read<spec::ScsiEvent>(second).reason == spec::kScsiResetRemoved);
    }

    TEST_CASE("units that were there are told of by an attention, too") {
        ScsiHostBench bench;
        bench.clear_attention();
        MemoryDisk& other = bench.other;
        bench.more.push_back(bench.plug(other, {}, {1, 1}, true));
        CHECK(bench.run({0, 0, 0, 0, 0, 0}).status == scsi_spec::kCheckCondition);
        CHECK(bench.guest.read<std::uint8_t>(bench.last.response + 12 + 12) == 0x3f);
    }

    TEST_CASE("without HOTPLUG and CHANGE nothing is told (§5.6.6.3.2)") {
        ScsiHostBench bench{FeatureSet()};
        MemoryDisk& other = bench.other;
        bench.offer_event_buffer();
        bench.more.push_back(bench.plug(other, {}, {3, 0}, true));
        bench.hd->publish_size();
        bench.more.clear();
        bench.settle();
        CHECK(bench.drivers[1]->used_index() == 0);
    }

    TEST_CASE("a disk that has another size is a parameter that changed, with its code") {
        ScsiHostBench bench;
        const std::uint64_t buffer = bench.offer_event_buffer();
        REQUIRE(bench.hd->resize(ByteCount{2 * kMiB}).has_value());
        bench.hd->publish_size();
        REQUIRE(bench.wait(1).has_value());
        const auto event = bench.guest.read<spec::ScsiEvent>(buffer);
        CHECK(event.event == spec::kScsiEventParameterChange);
        CHECK(event.reason == 0x092a);
    }

    TEST_CASE("a CD drive never tells of changed parameters (§5.6.6.3.2)") {
        ScsiHostBench bench;
        ScsiUnitOptions options;
        options.is_cd = true;
        options.block_size = 2048;
        options.physical_block_size = 2048;
        MemoryDisk& disc = bench.other;
        bench.more.push_back(bench.plug(disc, options, {2, 0}, false));
        bench.offer_event_buffer();
        bench.more[0]->publish_size();
        bench.settle();
        CHECK(bench.drivers[1]->used_index() == 0);
    }

    TEST_CASE("events wait for buffers; those that are lost are told of with the next") {
        ScsiHostBench bench;
        for (std::size_t count = 0; count < ScsiEventQueue::kWaitingMax + 1; ++count) {
            bench.hd->publish_size();
        }
        bench.settle();
        const std::uint64_t first = bench.offer_event_buffer();
        REQUIRE(bench.wait(1).has_value());
        CHECK(bench.guest.read<spec::ScsiEvent>(first).event ==
              (spec::kScsiEventParameterChange | spec::kScsiEventsMissed));
        const std::uint64_t second = bench.offer_event_buffer();
        REQUIRE(bench.wait(1).has_value());
        CHECK(bench.guest.read<spec::ScsiEvent>(second).event == spec::kScsiEventParameterChange);
    }

    TEST_CASE("a buffer that is too short comes back with length 0, and the event waits") {
        ScsiHostBench bench;
        bench.offer_event_buffer(15);
        bench.hd->publish_size();
        CHECK(bench.wait(1)->length == 0);
        bench.offer_event_buffer();
        CHECK(bench.wait(1)->length == 16);
        CHECK(bench.host.guest_errors == 1);
    }
}

}  // namespace siskin
