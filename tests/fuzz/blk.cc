// SPDX-License-Identifier: Apache-2.0
// Fuzzes block requests from the descriptor chain to the disk: any header, cut anywhere.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/fuzz/device_io.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/block/block_io.h"
#include "virtio/block/spec.h"

namespace siskin {
namespace {

constexpr std::uint64_t kDiskSize = 64 * 1024;
constexpr std::uint64_t kBase = 0x100000;  // where buffers lie
constexpr std::uint64_t kRange = 0x40000;

// Each chain: a count of buffers, their places and directions; the bytes in memory follow.
std::uint16_t put_requests(FuzzInput& input, TestGuest& guest, DriverQueue& driver) {
    const bool sane_header = input.take(1) % 4 != 0;
    if (sane_header) {
        const auto type = static_cast<std::uint32_t>(input.take(1) % 16);
        guest.write(kBase, virtio_spec::BlockRequestHeader{type, 0U, input.take(1)});
        guest.write(kBase + 16, virtio_spec::BlockRangeSegment{
                                    input.take(1), static_cast<std::uint32_t>(input.take(1)),
                                    static_cast<std::uint32_t>(input.take(1) % 4)});
    }
    std::uint16_t offered = 0;
    std::uint16_t next = 0;
    while (!input.empty() && offered < 8) {
        std::vector<DriverBuffer> buffers;
        const std::uint64_t count = 1 + input.take(1) % 4;
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
        driver.put_available(driver.put_chain(next, buffers));
        next = static_cast<std::uint16_t>(next + count);
        ++offered;
    }
    return offered;
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

void run(const std::uint8_t* data, std::size_t size) {
    TestGuest guest;
    DriverQueue driver(guest, 32);
    FuzzInput input(data, size);
    MemoryDisk disk(kDiskSize, input.take(1) % 2 == 0);
    const std::vector<std::uint8_t> before = disk.bytes;
    BlockShared shared;
    const std::uint64_t choice = input.take(1);
    disk.unmap = (choice & 1) != 0;
    shared.limits = BlockLimits{
        ByteCount{kDiskSize}, 512, disk.read_only(), (choice & 2) == 0, (choice & 4) == 0, 100, 50};
    shared.writeback = (choice & 8) == 0;
    shared.may_unmap = disk.unmap;
    // One operation may fail; with the policy "stop" it is tried again.
    const bool stops = (choice & 16) != 0;
    shared.on_read_error = stops ? BlockOnError::Stop : BlockOnError::Report;
    shared.on_write_error = shared.on_read_error;
    if ((choice & 32) != 0) {
        disk.fail_operation(static_cast<unsigned>(choice >> 6U), ENOSPC);
    }
    const bool leaves_early = input.take(1) % 8 == 0;
    const std::uint16_t offered = put_requests(input, guest, driver);

    IoLoop loop = *IoLoop::create();
    const EventFd kick = *EventFd::create();
    SilentInterrupt interrupt;
    SilentHost host;
    BlockCounters counters;
    BlockIo io(*disk.create_engine(32), *EventFd::create(), shared, std::span(&counters, 1),
               nullptr);
    ActiveQueues queues;
    queues.queues.push_back(ActiveQueue{QueueIndex{0}, driver.virtqueue(), kick, interrupt});
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
    require(driver.used_index() == offered);
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
