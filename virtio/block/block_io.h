// SPDX-License-Identifier: Apache-2.0
// BlockIo: the part of a block device that lives on its IoThread: the queues and their engine.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/loop/io_loop.h"
#include "devices/block/block_node.h"
#include "virtio/block/block_queue.h"
#include "virtio/device.h"

namespace siskin {

// Thread: the IoThread's, after construction. What it is told arrives as posted work.
class BlockIo final : public BlockQueueOwner, private BlockEngineListener, private IoSource {
public:
    using Done = std::function<void()>;

    // One counter a queue; the sink may be null. All outlive this object.
    BlockIo(std::unique_ptr<BlockEngine> engine, EventFd idle, BlockShared& shared,
            std::span<BlockCounters> counters, BlockErrorSink* errors)
        : engine_(std::move(engine)),
          idle_(std::move(idle)),
          shared_(shared),
          counters_(counters),
          errors_(errors) {
        engine_->set_listener(this);
    }
    ~BlockIo() override = default;
    BlockIo(const BlockIo&) = delete;
    BlockIo& operator=(const BlockIo&) = delete;

    // The queues are served from here on, unless paused. Where the loop cannot watch them, the
    // device needs a reset.
    void activate(IoLoop& loop, ActiveQueues queues, DeviceHost& host);
    // `done` when the queues are gone and nothing is in flight.
    void deactivate(IoLoop& loop, Done done);
    // `done` when that queue is gone and nothing of it is in flight; the others go on.
    void reset_queue(QueueIndex index, Done done);
    // It is served again, unless paused.
    void enable_queue(ActiveQueue queue);
    void pause(Done done);
    // A pause that is still waiting is over; its `done` is called. What was kept after an error is
    // tried again.
    void resume();
    // `done` once nothing is in flight; nothing is begun until let_go(). What was kept after an
    // error is not in flight.
    void hold(Done done);
    void let_go();
    // The driver is told that the configuration space has changed, if there is one.
    void tell_config_changed();
    void set_capacity(ByteCount capacity) { shared_.limits.capacity = capacity; }

    void on_queue_idle() override;
    void on_host_error(const BlockError& error) override;
    void on_guest_error(std::string_view reason) override;
    void on_broken_ring(std::string_view reason) override;

private:
    void on_ready() override;  // idle_
    void on_availability_changed() override;

    // A queue that its driver resets.
    struct Leaving {
        QueueIndex index;
        Done done;
    };

    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] bool is_leaving(QueueIndex index) const;
    [[nodiscard]] Result<> attach(IoLoop& loop);
    void detach();
    void stop_workers();
    [[nodiscard]] bool may_serve() const;
    void start_workers_if_allowed();
    // Lets go of the queues that are to leave and are idle.
    void settle_queues();
    // Calls who waits for idleness, when there is idleness.
    void settle();

    std::unique_ptr<BlockEngine> engine_;
    EventFd idle_;  // readable: the last request has finished while somebody waits for that
    BlockShared& shared_;
    std::span<BlockCounters> counters_;
    BlockErrorSink* errors_;

    IoLoop* loop_ = nullptr;  // while active
    DeviceHost* host_ = nullptr;
    std::vector<std::unique_ptr<BlockQueue>> queues_;
    bool paused_ = false;
    bool held_ = false;
    bool broken_ = false;
    bool leaving_ = false;
    std::vector<Leaving> leaving_queues_;
    bool held_by_error_ = false;  // until the next resume() or activation
    std::vector<Done> waiting_for_pause_;
    std::vector<Done> waiting_for_end_;
    std::vector<Done> waiting_for_hold_;
};

}  // namespace siskin
