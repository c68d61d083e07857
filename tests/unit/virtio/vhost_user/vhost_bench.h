// SPDX-License-Identifier: Apache-2.0
// VhostBench: a block device's queues, its link and a scripted back end, a turn at a time on one
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "tests/harness/driver_queue.h"
#include "tests/harness/loop_wake.h"
#include "tests/harness/test_guest.h"
#include "tests/harness/vhost_back_end.h"
#include "virtio/block/block_io.h"
#include "virtio/vhost_user/link.h"
#include "virtio/vhost_user/vhost_user_node.h"

namespace siskin::test {

// Both ends of a connection.
inline std::pair<Fd, Fd> connection() {
    std::array<int, 2> ends{};
    SISKIN_ASSERT(
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

class VhostBench final : public DeviceHost, private DriverInterrupt {
public:
    static constexpr std::uint16_t kQueueSize = 16;
    static constexpr std::uint16_t kSlots = 4;
    static constexpr std::size_t kSectors = 64;

    explicit VhostBench(std::optional<std::uint16_t> queues = 1, bool can_come_back = true) {
        VhostUserLinkOptions options;
        options.name = "chardev 'c0'";
        options.memory = guest.memory();
        options.queue_count = queues;
        options.vcpu_count = 4;
        options.queue_size = kQueueSize;
        options.can_come_back = can_come_back;
        link = *VhostUserLink::create(std::move(options), news);
    }
    ~VhostBench() override {
        if (io) {
            back_end.reset();  // nothing is in flight once the link has seen that
            bool gone = false;
            io->deactivate(loop, [&] { gone = true; });
            SISKIN_ASSERT(run_until([&] { return gone; }));
        }
        link->stop();
    }
    VhostBench(const VhostBench&) = delete;
    VhostBench& operator=(const VhostBench&) = delete;

    VhostBackEnd& connect(VhostScript script = VhostScript()) {
        auto [ours, theirs] = connection();
        back_end = std::make_unique<VhostBackEnd>(std::move(theirs), disk, std::move(script));
        link->begin(loop, std::move(ours));
        return *back_end;
    }
    void turn() {
        if (back_end != nullptr) {
            back_end->step();
        }
        wake.wake();
        loop.run_one_turn();
        VhostUserNews::Taken taken = news->take();
        if (taken.disk) {
            told = taken.disk;
            ++told_disks;
            queue_count = taken.queue_count;
        }
        if (taken.lost) {
            lost.push_back(*taken.lost);
        }
    }
    // In bounds that no good run comes near; a wait for a deadline takes its time.
    bool run_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            turn();
        }
        return true;
    }
    bool reach_ready() {
        return run_until([&] { return link->is_ready() || !lost.empty(); }) && link->is_ready();
    }
    // The device's side, with one queue; the disk is known.
    void start(bool writeback = false) {
        node.emplace("c0", *told, link);
        shared.limits.capacity = node->capacity();
        shared.limits.discard = shared.limits.write_zeroes = true;
        shared.limits.max_discard_sectors = shared.limits.max_write_zeroes_sectors = 32768;
        shared.writeback = writeback;
        shared.on_read_error = shared.on_write_error = BlockOnError::Report;
        io.emplace(std::move(*node->create_engine(kQueueSize)), std::move(*EventFd::create()),
                   shared, counters, nullptr);
        ActiveQueues queues;
        queues.queues.push_back(ActiveQueue{QueueIndex{0}, driver.virtqueue(), kick,
                                            static_cast<DriverInterrupt&>(*this)});
        io->activate(loop, std::move(queues), *this);
    }
    // Connects, gets ready, starts.
    void come_up(VhostScript script = VhostScript(), bool writeback = false) {
        connect(std::move(script));
        SISKIN_ASSERT(reach_ready());
        turn();
        start(writeback);
    }

    // A request of one sector, or of none, in a slot that is free.
    void submit(std::uint16_t slot, std::uint32_t type, std::uint64_t sector,
                std::uint8_t value = 0, std::uint32_t size = 512) {
        const std::uint64_t at = area + slot * 1024U;
        guest.write(at, virtio_spec::BlockRequestHeader{type, 0U, sector});
        guest.fill(at + 64, size, value);
        guest.write(at + 32, std::uint8_t{0xee});
        std::vector<DriverBuffer> buffers{{at, 16, false}};
        if (size != 0) {
            buffers.push_back({at + 64, size, type == virtio_spec::kBlockRead});
        }
        buffers.push_back({at + 32, 1, true});
        const auto head = static_cast<std::uint16_t>(slot * 3);
        driver.put_chain(head, buffers);
        driver.put_available(head);
        kick.signal();
    }
    void submit_range(std::uint16_t slot, std::uint32_t type, std::uint64_t sector,
                      std::uint32_t sectors) {
        submit(slot, type, 0, 0, sizeof(virtio_spec::BlockRangeSegment));
        guest.write(area + slot * 1024U + 64, virtio_spec::BlockRangeSegment{sector, sectors, 0U});
    }
    std::uint8_t status(std::uint16_t slot) const {
        return guest.read<std::uint8_t>(area + slot * 1024U + 32);
    }
    std::vector<std::uint8_t> data(std::uint16_t slot) const {
        return guest.bytes(area + slot * 1024U + 64, 512);
    }
    // The slot that finished next, if one has.
    std::optional<std::uint16_t> finished() {
        const auto used = driver.take_used();
        return used ? std::optional(static_cast<std::uint16_t>(used->id.value() / 3))
                    : std::nullopt;
    }
    // Runs one request to its end; 0xff: nothing came.
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, std::uint8_t value = 0,
                     std::uint32_t size = 512) {
        submit(0, type, sector, value, size);
        return run_until([&] { return finished().has_value(); }) ? status(0) : 0xff;
    }

    void needs_reset(std::string_view) override { ++resets_needed; }
    void guest_error(std::string_view) override {}

    TestGuest guest;
    DriverQueue driver{guest, kQueueSize};
    std::uint64_t area = guest.allocate(kSlots * 1024, 4096);
    IoLoop loop = std::move(*IoLoop::create());
    LoopWake wake{loop};
    EventFd kick = std::move(*EventFd::create());
    CachedDisk disk{kSectors * 512};
    std::shared_ptr<VhostUserNews> news =
        std::make_shared<VhostUserNews>(std::move(*EventFd::create()));
    std::shared_ptr<VhostUserLink> link;
    std::unique_ptr<VhostBackEnd> back_end;
    std::optional<VhostUserNode> node;
    BlockShared shared;
    std::array<BlockCounters, 1> counters;
    std::optional<BlockIo> io;
    std::optional<DiskInfo> told;
    unsigned told_disks = 0;
    std::uint16_t queue_count = 0;
    std::vector<std::string> lost;
    unsigned resets_needed = 0;
    unsigned interrupts = 0;

private:
    void signal() override { ++interrupts; }
};

}  // namespace siskin::test
