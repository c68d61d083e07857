// SPDX-License-Identifier: Apache-2.0
// Fuzzes block requests from the descriptor chain to the disk: any header, cut anywhere.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "tests/fuzz/device_io.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/harness/driver_ring.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/block/block_io.h"
#include "virtio/block/spec.h"

namespace siskin {
namespace {

constexpr std::uint64_t kDiskSize = 64 * 1024;
constexpr std::uint64_t kBase = 0x100000;  // where buffers lie
constexpr std::uint64_t kRange = 0x40000;

// As a driver has them: a header, data or a segment, and a status byte.
std::vector<DriverBuffer> sane_chain(std::uint64_t shape) {
    const bool is_range = (shape & 8) != 0;
    const auto size = static_cast<std::uint32_t>(is_range ? 16 : 512 * (1 + (shape >> 1 & 3)));
    return {{kBase, 16, false},
            {is_range ? kBase + 16 : kBase + 0x1000, size, !is_range && (shape & 1) != 0},
            {kBase + 0x8000, 1, true}};
}

// Each chain: a count of buffers, their places and directions; the bytes in memory follow. Returns
// the ids of those that were offered.
std::set<std::uint16_t> put_requests(FuzzInput& input, TestGuest& guest, DriverRing& driver,
                                     bool indirect) {
    const bool sane_header = input.take(1) % 4 != 0;
    if (sane_header) {
        const auto type = static_cast<std::uint32_t>(input.take(1) % 16);
        guest.write(kBase, virtio_spec::BlockRequestHeader{type, 0U, input.take(1)});
        guest.write(kBase + 16, virtio_spec::BlockRangeSegment{
                                    input.take(1), static_cast<std::uint32_t>(input.take(1)),
                                    static_cast<std::uint32_t>(input.take(1) % 4)});
    }
    std::set<std::uint16_t> offered;
    while (!input.empty() && offered.size() < 8) {
        std::vector<DriverBuffer> buffers;
        const std::uint64_t shape = input.take(1);
        if (shape >= 0xc0) {
            buffers = sane_chain(shape);
        }
        const std::uint64_t count = shape >= 0xc0 ? 0 : 1 + shape % 4;
        for (std::uint64_t index = 0; index < count; ++index) {
            const std::uint64_t flags = input.take(1);
            const bool first = index == 0 && (flags & 0x80) != 0;
            buffers.push_back(DriverBuffer{
                first ? kBase : kBase + input.take(3) % kRange,
                first ? ((flags & 0x20) != 0 ? 32 : 16)
                      : static_cast<std::uint32_t>((flags & 0x40) != 0 ? input.take(1) * 512
                                                                       : input.take(2)),
                (flags & 1) != 0});
        }
        const bool in_table = indirect && (shape & 16) != 0;
        offered.insert(*(in_table ? driver.offer_indirect(buffers) : driver.offer(buffers)));
    }
    return offered;
}

// What no driver does to its ring.
void spoil_ring(FuzzInput& input, TestGuest& guest, const DriverRing& driver) {
    const QueueConfig& config = driver.config();
    for (std::uint64_t count = 1 + input.take(1) % 4; count != 0; --count) {
        const std::uint64_t where = input.take(2);
        const auto value = static_cast<std::uint8_t>(input.take(1));
        if ((where & 0x8000) == 0) {
            guest.write(config.descriptor_area.value() + where % 512, value);
        } else {
            guest.write(config.driver_area.value() + where % 4, value);
        }
    }
}

// The device goes away with requests under way; it says so when the last one is done.
void leave_early(BlockIo& io, IoLoop& loop, MemoryDisk& disk, const EventFd& kick) {
    disk.hold();
    kick.signal();
    loop.run_one_turn();
    bool gone = false;
    io.deactivate(loop, [&] { gone = true; });
    disk.let_go();
    for (int turn = 0; turn < 8 && !gone; ++turn) {
        loop.run_one_turn();
    }
    require(gone && disk.waiting() == 0);
}

FeatureSet some_features(std::uint64_t choice) {
    FeatureSet accepted;
    if ((choice & 1) != 0) {
        accepted.add(virtio_spec::kFeatureRingIndirectDesc);
    }
    if ((choice & 2) != 0) {
        accepted.add(virtio_spec::kFeatureRingEventIdx);
    }
    return accepted;
}

void run(const std::uint8_t* data, std::size_t size) {
    TestGuest guest;
    FuzzInput input(data, size);
    DriverRing driver(guest, input.flip() ? RingFormat::Packed : RingFormat::Split, 32);
    MemoryDisk disk(kDiskSize, input.take(1) % 2 == 0);
    const std::vector<std::uint8_t> before = disk.bytes;
    BlockShared shared;
    const std::uint64_t choice = input.take(1);
    disk.unmap = (choice & 1) != 0;
    shared.limits = BlockLimits{
        ByteCount{kDiskSize}, 512, disk.read_only(), (choice & 2) == 0, (choice & 4) == 0, 100, 50};
    shared.writeback = (choice & 8) == 0;
    shared.may_unmap = disk.unmap;
    // One operation may fail, or be tried another way; with the policy "stop" it is tried again.
    const bool stops = (choice & 16) != 0;
    shared.on_read_error = stops ? BlockOnError::Stop : BlockOnError::Report;
    shared.on_write_error = shared.on_read_error;
    if ((choice & 32) != 0) {
        constexpr std::array kErrors{ENOSPC, EINTR, EAGAIN, EOPNOTSUPP, EIO, ENOTTY};
        disk.fail_operation(static_cast<unsigned>(choice >> 6U),
                            kErrors[input.pick(kErrors.size())]);
        disk.transfer_max = 100 + input.take(2);
    }
    const std::uint64_t more = input.take(1);
    const bool leaves_early = more % 8 == 0;
    const bool spoils = more % 8 == 1;
    const FeatureSet accepted = some_features(more >> 3U);
    std::set<std::uint16_t> offered =
        put_requests(input, guest, driver, accepted.has(virtio_spec::kFeatureRingIndirectDesc));
    if (spoils) {
        const std::size_t tail = std::min<std::size_t>(size, 13);
        FuzzInput spoiler(data + size - tail, tail);
        spoil_ring(spoiler, guest, driver);
    }

    IoLoop loop = *IoLoop::create();
    const EventFd kick = *EventFd::create();
    SilentInterrupt interrupt;
    SilentHost host;
    BlockCounters counters;
    BlockIo io(*disk.create_engine(32), *EventFd::create(), shared, std::span(&counters, 1),
               nullptr);
    ActiveQueues queues;
    queues.queues.push_back(
        ActiveQueue{QueueIndex{0}, driver.device_side(accepted), kick, interrupt});
    io.activate(loop, std::move(queues), host);
    if (leaves_early) {
        leave_early(io, loop, disk, kick);
        return;
    }
    // A kick before each turn, so that none waits for ever.
    for (int turn = 0; turn < 8; ++turn) {
        kick.signal();
        loop.run_one_turn();
        if (turn == 3) {
            io.resume();
        }
    }
    // Each chain came back, once.
    for (auto used = driver.take_used(); used && !spoils; used = driver.take_used()) {
        require(offered.erase(used->id) == 1);
    }
    require(offered.empty() || spoils);
    require(!disk.read_only() || disk.bytes == before);
    bool gone = false;
    io.deactivate(loop, [&] { gone = true; });
    require(gone);
}

}  // namespace
}  // namespace siskin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    siskin::run(data, size);
    return 0;
}
