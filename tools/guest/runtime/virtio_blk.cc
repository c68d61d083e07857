// SPDX-License-Identifier: Apache-2.0
// A virtio-blk driver.
#include "tools/guest/runtime/virtio_blk.h"

#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/pm_timer.h"

namespace siskin::guest {

namespace {

Bdf* found_disks = nullptr;
unsigned found_count = 0;
unsigned found_max = 0;

void note_disk(Bdf bdf) {
    // §4.1.2.1: 0x1040 + device type 2; 0x1001 is the transitional identity.
    const std::uint32_t identity = config_read32(bdf, kPciVendor);
    const bool is_disk = identity == 0x10421af4 || identity == 0x10011af4;
    if (is_disk && found_count < found_max) {
        found_disks[found_count++] = bdf;
    }
}

}  // namespace

unsigned find_disks(Bdf* disks, unsigned disks_max) {
    found_disks = disks;
    found_count = 0;
    found_max = disks_max;
    visit_functions(note_disk);
    return found_count;
}

bool VirtioBlk::start(Bdf bdf, const Options& options) {
    started_queues_ = 0;
    if (!pci_.open(bdf) || !pci_.reset()) {
        return check(false, "the disk has its four structures and resets");
    }
    constexpr std::uint64_t kUnderstood =
        kBlockFeatureReadOnly | kBlockFeatureFlush | kBlockFeatureMultiQueue | kFeatureVersion1;
    features_ = pci_.device_features() & (kUnderstood | options.features);
    if ((features_ & kFeatureVersion1) == 0 || !pci_.negotiate(features_)) {
        return check(false, "the disk accepts the features");
    }
    const Virtqueue::Options ring{(features_ & kFeatureIndirect) != 0,
                                  (features_ & kFeatureEventIndex) != 0};
    const unsigned offered = pci_.queue_count();
    for (unsigned i = 0; i < options.queues && i < offered && i < kQueuesMax; ++i) {
        const auto vector = static_cast<std::uint16_t>(
            options.first_vector == kNoVector ? kNoVector : options.first_vector + i);
        if (!pci_.start_queue(static_cast<std::uint16_t>(i), options.queue_size, ring, vector,
                              queues_[i])) {
            return check(false, "the disk enables its queue");
        }
        queues_[i].set_interrupts(vector != kNoVector);
        ++started_queues_;
    }
    pci_.add_status(kStatusDriverOk);
    return started_queues_ != 0 && (pci_.status() & kStatusNeedsReset) == 0;
}

std::uint64_t VirtioBlk::capacity() const {
    const std::uint64_t config = pci_.device_config();
    return mmio_read<std::uint32_t>(config) |
           (std::uint64_t{mmio_read<std::uint32_t>(config + 4)} << 32);
}

void VirtioBlk::submit(BlockRequest& request, std::uint32_t type, std::uint64_t sector, void* data,
                       std::uint32_t size, unsigned queue) {
    request.header = BlockRequest::Header{type, 0, sector};
    request.status = kBlockUntouched;
    const bool device_writes = type == kBlockIn || type == kBlockGetId;
    const Buffer with_data[] = {{&request.header, sizeof(request.header), false},
                                {data, size, device_writes},
                                {&request.status, 1, true}};
    const Buffer without[] = {with_data[0], with_data[2]};
    queues_[queue].add(size == 0 ? without : with_data, size == 0 ? 2 : 3);
    if (queues_[queue].wants_notification()) {
        pci_.notify(static_cast<std::uint16_t>(queue));
    }
}

std::uint8_t VirtioBlk::run(std::uint32_t type, std::uint64_t sector, void* data,
                            std::uint32_t size, unsigned queue) {
    static BlockRequest request;
    submit(request, type, sector, data, size, queue);
    Virtqueue& ring = queues_[queue];
    if (!wait_until([&ring] { return ring.has_used(); })) {
        return kBlockLost;
    }
    last_used_length_ = ring.take_used().length;
    return request.status;
}

}  // namespace siskin::guest
