// SPDX-License-Identifier: Apache-2.0
// BlockIo: the part of a block device that lives on its IoThread: the queues and their engine.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/loop/io_loop.h"
#include "devices/block/block_node.h"
#include "virtio/block/block_queue.h"
#include "virtio/device.h"
#include "virtio/queue/queue_set.h"

namespace siskin {

// Thread: the IoThread's, after construction. What it is told arrives as posted work.
class BlockIo final : public QueueSet, public BlockQueueOwner, private BlockEngineListener {
public:
    // One counter a queue; the sink may be null. All outlive this object.
    BlockIo(std::unique_ptr<BlockEngine> engine, EventFd idle, BlockShared& shared,
            std::span<BlockCounters> counters, BlockErrorSink* errors)
        : QueueSet(std::move(idle)),
          engine_(std::move(engine)),
          shared_(shared),
          counters_(counters),
          errors_(errors) {
        engine_->set_listener(this);
    }
    ~BlockIo() override = default;
    BlockIo(const BlockIo&) = delete;
    BlockIo& operator=(const BlockIo&) = delete;

    // The node has another size on its own account. What is in flight was held against the old one.
    void set_capacity(ByteCount capacity) { shared_.limits.capacity = capacity; }

    // The other threads' queues may have broken the device.
    void follow_others() { follow_availability(); }

    void on_queue_idle() override { note_idle(); }
    void on_handed_back() override { note_handed_back(); }
    void on_host_error(const BlockError& error) override;
    void on_guest_error(std::string_view reason) override { tell_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { tell_broken_ring(reason); }

private:
    [[nodiscard]] Result<> attach_back_end(IoLoop& loop) override { return engine_->attach(loop); }
    void detach_back_end(IoLoop& loop) override { engine_->detach(loop); }
    void hand_back_held() override { engine_->hand_back_held(); }
    [[nodiscard]] std::unique_ptr<ServedQueue> make_queue(ActiveQueue queue) override;
    [[nodiscard]] bool is_available() const override {
        return !shared_.broken.load() && engine_->is_available();
    }
    // What was in flight is kept by its queue, in the order of its arrival, and goes first
    // afterwards.
    void on_availability_changed() override { follow_availability(); }
    void on_error_forgotten() override { shared_.stop_error.store(0); }

    std::unique_ptr<BlockEngine> engine_;
    BlockShared& shared_;
    std::span<BlockCounters> counters_;
    BlockErrorSink* errors_;
};

}  // namespace siskin
