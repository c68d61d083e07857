// SPDX-License-Identifier: Apache-2.0
// Asks for as much at once as can be asked for, and resets a slow disk with requests under way
// (virtio 1.2 §2.4, §2.7.5). Disk 0 has four queues and 2 MiB at least, disk 1 is slow.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/io.h"

using namespace siskin::guest;

namespace {

constexpr unsigned kQueues = 4;
constexpr std::uint16_t kSlots = kQueueSizeMax;
constexpr std::uint16_t kLongest = kQueueSizeMax;  // descriptors in a chain
constexpr std::uint32_t kPiece = 4096;
constexpr unsigned kInFlight = 5;
constexpr std::uint8_t kCanary = 0xb6;

HostileBench bench;

// V13: each slot of each queue holds the longest chain there can be. All share one table.
void check_full_queues() {
    alignas(16) static Descriptor table[kLongest];
    alignas(4096) static std::uint8_t data[kPiece];
    static BlockRequest request;
    static VirtioBlk disk;
    VirtioBlk::Options options;
    options.queue_size = kSlots;
    options.queues = kQueues;
    require(disk.start(bench.bdf_of(0), options) && disk.started_queues() == kQueues,
            "V13: the disk starts with four queues");
    const std::uint32_t size = (kLongest - 2) * kPiece;
    require(disk.capacity() >= size / kSectorSize, "V13: the disk holds the longest read");
    request.header = BlockRequest::Header{kBlockIn, 0, 0};
    for (std::uint16_t i = 0; i < kLongest; ++i) {
        table[i] =
            Descriptor{address_of(data), kPiece, std::uint16_t{kDescriptorNext | kDescriptorWrite},
                       static_cast<std::uint16_t>(i + 1)};
    }
    table[0] = Descriptor{address_of(&request.header), 16, kDescriptorNext, 1};
    table[kLongest - 1] = Descriptor{address_of(&request.status), 1, kDescriptorWrite, 0};
    print("full\n");
    for (unsigned queue = 0; queue < kQueues; ++queue) {
        for (std::uint16_t slot = 0; slot < kSlots; ++slot) {
            volatile Descriptor& entry = disk.queue(queue).descriptor(slot);
            entry.address = address_of(table);
            entry.length = sizeof(table);
            entry.flags = kDescriptorIndirect;
            disk.queue(queue).publish_head(slot);
        }
        disk.pci().notify(static_cast<std::uint16_t>(queue));
    }
    unsigned missing = 0;
    for (unsigned queue = 0; queue < kQueues; ++queue) {
        Virtqueue& ring = disk.queue(queue);
        for (unsigned slot = 0; slot < kSlots; ++slot) {
            const bool came = wait_until([&] { return ring.has_used(); }, 60'000);
            missing += came && ring.take_used().length == size + 1 ? 0 : 1;
        }
    }
    check_equal(missing, 0, "V13: every slot of four queues, the longest chain in each, is served");
    check_equal(request.status, kBlockOk, "V13: and well");
    check(disk.pci().reset(), "V13: and the disk resets");
}

// T08: once the status is 0, no byte of what was lent changes.
BlockRequest requests[kInFlight];
alignas(4096) std::uint8_t lent[kInFlight][kSectorSize];

void submit_all() {
    for (unsigned i = 0; i < kInFlight; ++i) {
        bench.disk.submit(requests[i], kBlockIn, i, lent[i], kSectorSize);
    }
}
void put_canaries() {
    for (unsigned i = 0; i < kInFlight; ++i) {
        memset(lent[i], kCanary, kSectorSize);
        requests[i].status = kCanary;
    }
}
bool canaries_hold() {
    const std::uint16_t used = bench.disk.queue().used_index();
    Deadline deadline(60);
    while (!deadline.passed()) {
        pause();
    }
    bool hold = bench.disk.queue().used_index() == used;
    for (unsigned i = 0; i < kInFlight; ++i) {
        for (const std::uint8_t byte : lent[i]) {
            hold = hold && byte == kCanary;
        }
        hold = hold && requests[i].status == kCanary;
    }
    return hold;
}

void check_resets() {
    bench.use_disk(1);
    unsigned wrong = 0;
    for (std::uint16_t completed = 0; completed <= kInFlight; ++completed) {
        wrong += bench.start() ? 0 : 1;
        submit_all();
        wrong += wait_until([&] { return bench.disk.queue().used_index() >= completed; }) ? 0 : 1;
        wrong += bench.disk.pci().reset() ? 0 : 1;
        put_canaries();
        wrong += canaries_hold() ? 0 : 1;
        wrong += bench.comes_back() ? 0 : 1;
    }
    check_equal(wrong, 0, "T08: after a reset at each completion nothing more is written");
}

// A function level reset, which takes the BARs and the command register along.
bool reset_function() {
    const Bdf bdf = bench.bdf();
    const std::uint8_t express = find_capability(bdf, 0x10);
    const auto control = static_cast<std::uint16_t>(express + 8);
    const auto status = static_cast<std::uint16_t>(express + 10);
    std::uint32_t bars[6];
    for (std::uint16_t i = 0; i < 6; ++i) {
        bars[i] = config_read32(bdf, static_cast<std::uint16_t>(kPciBar0 + 4 * i));
    }
    const std::uint16_t command = config_read16(bdf, kPciCommand);
    config_write16(bdf, control, static_cast<std::uint16_t>(config_read16(bdf, control) | 0x8000));
    const bool quiet = wait_until([&] { return (config_read16(bdf, status) & 0x20) == 0; });
    for (std::uint16_t i = 0; i < 6; ++i) {
        config_write32(bdf, static_cast<std::uint16_t>(kPciBar0 + 4 * i), bars[i]);
    }
    config_write16(bdf, kPciCommand, command);
    return express != 0 && quiet;
}

void check_function_resets() {
    unsigned wrong = 0;
    for (std::uint16_t completed = 0; completed <= kInFlight; ++completed) {
        wrong += bench.start() ? 0 : 1;
        submit_all();
        wrong += wait_until([&] { return bench.disk.queue().used_index() >= completed; }) ? 0 : 1;
        wrong += reset_function() ? 0 : 1;
        put_canaries();
        wrong += bench.disk.pci().status() == 0 && canaries_hold() ? 0 : 1;
        wrong += bench.comes_back() ? 0 : 1;
    }
    check_equal(wrong, 0, "T08: nor after a function level reset");
    // Inside the negotiation, back to back, with a request before.
    constexpr std::uint8_t kStates[] = {1, 3, 11, 15};
    for (const std::uint8_t status : kStates) {
        wrong += bench.start() ? 0 : 1;
        submit_all();
        for (unsigned again = 0; again < 3; ++again) {
            wrong += bench.disk.pci().reset() ? 0 : 1;
            bench.disk.pci().write8(kCommonStatus, status);
        }
        wrong += bench.disk.pci().reset() ? 0 : 1;
        put_canaries();
        wrong += canaries_hold() && bench.comes_back() ? 0 : 1;
    }
    check_equal(wrong, 0, "T08: resets in the middle of a negotiation are resets");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    check_full_queues();
    check_resets();
    check_function_resets();
    finish();
}
