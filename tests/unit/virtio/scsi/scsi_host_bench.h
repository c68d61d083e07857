// SPDX-License-Identifier: Apache-2.0
// ScsiHostBench: a virtio SCSI host device on its thread, and a driver of its queues.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/scsi/scsi_disk.h"
#include "devices/scsi/scsi_disk_types.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "tests/unit/virtio/virtio_bench.h"
#include "virtio/scsi/scsi_device.h"

namespace siskin {

class QuietInterrupt final : public DriverInterrupt {
public:
    void signal() override {}
};

class RecordingHost final : public DeviceHost {
public:
    void needs_reset(std::string_view) override { ++resets; }
    void guest_error(std::string_view) override { ++guest_errors; }
    std::atomic<unsigned> resets{0};
    std::atomic<unsigned> guest_errors{0};
};

// Queues: control, events, one of requests. Unit 1:0 is a disk.
struct ScsiHostBench {
    static constexpr std::uint16_t kQueueSize = 16;
    static constexpr FeatureSet kAllFeatures{virtio_spec::kScsiFeatureHotplug,
                                             virtio_spec::kScsiFeatureChange};

    explicit ScsiHostBench(FeatureSet accepted = kAllFeatures) {
        ScsiDeviceOptions options;
        options.queue_size = kQueueSize;
        device = std::move(*ScsiDevice::create(*thread, options, "scsi0.0"));
        hd = plug(disk, {}, ScsiAddress{1, 0}, false);
        activate(accepted);
    }
    ~ScsiHostBench() {
        hd.reset();
        more.clear();
        device->settle();
    }
    ScsiHostBench(const ScsiHostBench&) = delete;
    ScsiHostBench& operator=(const ScsiHostBench&) = delete;

    std::unique_ptr<ScsiDisk> plug(BlockNode& node, const ScsiUnitOptions& options,
                                   ScsiAddress address, bool is_new) {
        ScsiDiskBackends backends{device->bus(), &node};
        auto errors = std::make_unique<ErrorLog>();
        error_log = errors.get();
        backends.errors = std::move(errors);
        auto made = ScsiDisk::create(kScsiHdType, "", std::make_shared<ScsiHdConfig>(), options,
                                     address, std::move(backends), is_new);
        SISKIN_ASSERT(made.has_value());
        return std::move(*made);
    }
    void activate(FeatureSet accepted) {
        ActiveQueues queues;
        queues.accepted = accepted;
        for (std::uint16_t index = 0; index < 3; ++index) {
            queues.queues.push_back(ActiveQueue{QueueIndex{index}, drivers[index]->virtqueue(),
                                                kicks[index], interrupt});
        }
        device->activate(std::move(queues), host);
        settle();
    }
    void settle() {
        thread->run_and_wait([](IoLoop&) {});
    }

    struct Request {
        std::uint16_t head = 0;
        std::uint64_t response = 0;
        std::uint64_t data = 0;
    };
    // Offers buffers of one queue, each in its descriptors, and notifies.
    std::uint16_t offer(std::uint16_t queue, const std::vector<DriverBuffer>& buffers) {
        std::uint16_t& next = nexts[queue];
        if (next + buffers.size() > kQueueSize) {
            next = 0;
        }
        const std::uint16_t head = drivers[queue]->put_chain(next, buffers);
        next = static_cast<std::uint16_t>(next + buffers.size());
        drivers[queue]->put_available(head);
        kicks[queue].signal();
        return head;
    }
    // A command to a unit; `in` and `out` are what the driver lends, in bytes.
    Request send(const std::vector<std::uint8_t>& cdb, std::uint32_t in = 0, std::uint32_t out = 0,
                 virtio_spec::ScsiLunField lun = {1, 1, 0, 0}, std::uint64_t id = 7) {
        virtio_spec::ScsiRequestHeader header;
        header.lun = lun;
        header.id = id;
        const std::uint64_t at = guest.allocate(51);
        guest.write(at, header);
        guest.put(at + sizeof(header), cdb);
        Request request{0, guest.allocate(108), guest.allocate(in + out + 1)};
        guest.fill(request.response, 108, 0xee);
        guest.fill(request.data, in + out + 1, 0xa5);
        std::vector<DriverBuffer> buffers{{at, 51, false}};
        if (out != 0) {
            buffers.push_back({request.data, out, false});
        }
        buffers.push_back({request.response, 108, true});
        if (in != 0) {
            buffers.push_back({request.data, in, true});
        }
        request.head = offer(virtio_spec::kScsiRequestQueue, buffers);
        return request;
    }
    std::optional<virtio_spec::UsedElement> wait(std::uint16_t queue) {
        std::optional<virtio_spec::UsedElement> taken;
        return eventually([&] { return (taken = drivers[queue]->take_used()).has_value(); })
                   ? taken
                   : std::nullopt;
    }
    // Sends and waits; the response.
    virtio_spec::ScsiResponseHeader run(const std::vector<std::uint8_t>& cdb, std::uint32_t in = 0,
                                        std::uint32_t out = 0,
                                        virtio_spec::ScsiLunField lun = {1, 1, 0, 0}) {
        last = send(cdb, in, out, lun);
        used = wait(virtio_spec::kScsiRequestQueue);
        return guest.read<virtio_spec::ScsiResponseHeader>(last.response);
    }
    [[nodiscard]] std::uint8_t sense_key() const {
        return guest.read<std::uint8_t>(last.response + 12 + 2);
    }
    // After power-on each unit has something to tell.
    void clear_attention(virtio_spec::ScsiLunField lun = {1, 1, 0, 0}) {
        while (run({0, 0, 0, 0, 0, 0}, 0, 0, lun).status != scsi_spec::kGood) {
        }
    }

    // A task management function; 0xff when it is not answered yet.
    std::uint64_t manage(std::uint32_t subtype, virtio_spec::ScsiLunField lun = {1, 1, 0, 0},
                         std::uint64_t id = 7) {
        const std::uint64_t at = guest.allocate(32);
        guest.write(at, ule32(virtio_spec::kScsiTaskManagement));
        guest.write(at + 4, virtio_spec::ScsiTaskManagementRequest{subtype, lun, id});
        const std::uint64_t response = guest.allocate(1);
        guest.write(response, std::uint8_t{0xff});
        offer(virtio_spec::kScsiControlQueue, {{at, 24, false}, {response, 1, true}});
        return response;
    }
    std::uint8_t run_managed(std::uint32_t subtype, virtio_spec::ScsiLunField lun = {1, 1, 0, 0}) {
        const std::uint64_t response = manage(subtype, lun);
        return wait(virtio_spec::kScsiControlQueue) ? guest.read<std::uint8_t>(response)
                                                    : std::uint8_t{0xff};
    }
    std::uint64_t offer_event_buffer(std::uint32_t size = 16) {
        const std::uint64_t at = guest.allocate(size);
        offer(virtio_spec::kScsiEventQueue, {{at, size, true}});
        return at;
    }

    TestGuest guest;
    MemoryDisk disk{1 * kMiB};
    MemoryDisk other{1 * kMiB};  // of units in `more`
    std::unique_ptr<IoThread> thread = *IoThread::create("io");
    std::array<std::unique_ptr<DriverQueue>, 3> drivers{
        std::make_unique<DriverQueue>(guest, kQueueSize),
        std::make_unique<DriverQueue>(guest, kQueueSize),
        std::make_unique<DriverQueue>(guest, kQueueSize)};
    std::array<EventFd, 3> kicks{*EventFd::create(), *EventFd::create(), *EventFd::create()};
    std::array<std::uint16_t, 3> nexts{};
    QuietInterrupt interrupt;
    RecordingHost host;
    std::unique_ptr<ScsiDevice> device;
    std::unique_ptr<ScsiDisk> hd;
    std::vector<std::unique_ptr<ScsiDisk>> more;
    ErrorLog* error_log = nullptr;
    Request last;
    std::optional<virtio_spec::UsedElement> used;
};

}  // namespace siskin
