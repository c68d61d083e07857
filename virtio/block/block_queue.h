// SPDX-License-Identifier: Apache-2.0
// BlockQueue: the requests of one virtqueue, from the chain to the disk and back.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/loop/io_loop.h"
#include "devices/block/block_counters.h"
#include "devices/block/block_node.h"
#include "devices/block/block_on_error.h"
#include "virtio/block/block_request.h"
#include "virtio/block/spec.h"
#include "virtio/device.h"
#include "virtio/queue/queue_set.h"
#include "virtio/queue/queue_worker.h"
#include "virtio/queue/request_slots.h"

namespace siskin {

// What all queues of one block device share. Any thread.
struct BlockShared {
    // What requests are held against: written before the queues are there, the capacity also by
    // the IoThread.
    BlockLimits limits;
    bool may_unmap = false;                                // the node gives room back
    std::array<char, virtio_spec::kBlockIdSize> serial{};  // zero-padded
    // Off: a write completes only when it is durable (virtio 1.2 §5.2.6.2).
    std::atomic<bool> writeback{true};
    BlockOnError on_read_error = BlockOnError::Auto;
    BlockOnError on_write_error = BlockOnError::Auto;
    bool account_failed = true;
    bool account_invalid = true;
    std::atomic<int> stop_error{0};  // errno of what is kept; written by the IoThread
    // The device needs a reset: no thread takes a chain (virtio 1.2 §2.1.2).
    std::atomic<bool> broken{false};
};

// Who owns the queues of a device.
class BlockQueueOwner {
public:
    virtual ~BlockQueueOwner() = default;
    // A request finished, and no more is in flight in this queue. Do not destroy it here.
    virtual void on_queue_idle() = 0;
    // A request is kept until retry_kept(), as the disk has handed it back.
    virtual void on_handed_back() = 0;
    // The host failed a request. Where the action is Stop the queue keeps it until retry_kept().
    virtual void on_host_error(const BlockError& error) = 0;
    virtual void on_guest_error(std::string_view reason) = 0;
    virtual void on_broken_ring(std::string_view reason) = 0;
};

// A fixed pool of as many requests as the queue has entries. Thread: the IoThread's. No lock and no
// allocation a request.
class BlockQueue final : public ServedQueue, private QueueClient {
public:
    BlockQueue(ActiveQueue queue, BlockEngine& engine, const BlockShared& shared,
               BlockCounters& counters, BlockQueueOwner& owner);
    ~BlockQueue() override;
    BlockQueue(const BlockQueue&) = delete;
    BlockQueue& operator=(const BlockQueue&) = delete;

    [[nodiscard]] QueueWorker& worker() override { return worker_; }
    // Without those that were kept.
    [[nodiscard]] std::size_t in_flight() const override { return slots_.in_flight(); }
    // Submits again what was kept after an error, or when the disk was lost, in the order of its
    // arrival. What is still kept when the queue goes is dropped, as a reset wants it.
    void retry_kept() override;

private:
    class Slot;

    [[nodiscard]] bool has_room() const override { return slots_.has_room(); }
    void on_chain(const DescriptorChain& chain) override;
    void on_bad_chain(std::string_view reason) override { owner_.on_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { owner_.on_broken_ring(reason); }

    void start(BlockRequest& request, ChainHead head);
    void prepare(BlockRequest& request, Slot& slot) const;
    void answer_id(BlockRequest& request, ChainHead head);
    // Status byte and used ring; `data_written` bytes lie before the status byte, without a gap
    // from the start.
    void answer(GuestSpan status, std::uint8_t value, std::uint64_t status_offset,
                std::uint64_t data_written, ChainHead head);
    void on_complete(Slot& slot, int error_number);
    void keep(Slot& slot);
    void finish(Slot& slot, bool ok);
    void count_invalid(const BlockRequest& request);

    QueueWorker worker_;
    BlockEngine& engine_;
    const BlockShared& shared_;
    BlockCounters& counters_;
    BlockQueueOwner& owner_;
    RequestSlots<Slot> slots_;
};

}  // namespace siskin
