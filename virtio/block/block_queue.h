// SPDX-License-Identifier: Apache-2.0
// BlockQueue: the requests of one virtqueue, from the chain to the disk and back.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <sys/uio.h>

#include "base/loop/io_loop.h"
#include "devices/block/block_node.h"
#include "virtio/block/block_request.h"
#include "virtio/block/spec.h"
#include "virtio/device.h"
#include "virtio/queue/queue_worker.h"

namespace siskin {

// What all queues of one block device share. Any thread.
struct BlockShared {
    BlockLimits limits;
    std::array<char, virtio_spec::kBlockIdSize> serial{};  // zero-padded
    // Off: a write completes only when it is durable (virtio 1.2 §5.2.6.2).
    std::atomic<bool> writeback{true};
};

// Who owns the queues of a device.
class BlockQueueOwner {
public:
    virtual ~BlockQueueOwner() = default;
    // A request finished, and no more is in flight in this queue. Do not destroy it here.
    virtual void on_queue_idle() = 0;
    virtual void on_guest_error(std::string_view reason) = 0;
    virtual void on_broken_ring(std::string_view reason) = 0;
};

// A fixed pool of as many requests as the queue has entries. Thread: the IoThread's. No lock and no
// allocation a request.
class BlockQueue final : private QueueClient {
public:
    BlockQueue(ActiveQueue queue, BlockEngine& engine, const BlockShared& shared,
               BlockQueueOwner& owner);
    ~BlockQueue() override;
    BlockQueue(const BlockQueue&) = delete;
    BlockQueue& operator=(const BlockQueue&) = delete;

    [[nodiscard]] QueueWorker& worker() { return worker_; }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

private:
    class Slot;

    [[nodiscard]] bool has_room() const override { return free_ != nullptr; }
    void on_chain(const DescriptorChain& chain) override;
    void on_bad_chain(std::string_view reason) override { owner_.on_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { owner_.on_broken_ring(reason); }

    void start(BlockRequest& request, ChainHead head);
    [[nodiscard]] std::size_t gather(BlockRequest& request, Slot& slot) const;
    void answer_id(BlockRequest& request, ChainHead head);
    // Status byte and used ring; `data_written` bytes lie before the status byte, without a gap
    // from the start.
    void answer(GuestSpan status, std::uint8_t value, std::uint64_t status_offset,
                std::uint64_t data_written, ChainHead head);
    void on_complete(Slot& slot);

    QueueWorker worker_;
    BlockEngine& engine_;
    const BlockShared& shared_;
    BlockQueueOwner& owner_;
    // One run of iovecs a slot; pages that no request ever used are never touched.
    std::unique_ptr<iovec[]> buffers_;
    std::unique_ptr<Slot[]> slots_;
    Slot* free_ = nullptr;
    std::size_t in_flight_ = 0;
};

}  // namespace siskin
