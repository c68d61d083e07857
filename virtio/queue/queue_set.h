// SPDX-License-Identifier: Apache-2.0
// QueueSet: the queues of one active device on its IoThread, from DRIVER_OK to their end.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/loop/io_loop.h"
#include "base/result.h"
#include "virtio/device.h"
#include "virtio/queue/queue_worker.h"

namespace siskin {

// What a QueueSet needs of one queue. Thread: the IoThread's.
class ServedQueue {
public:
    virtual ~ServedQueue() = default;
    [[nodiscard]] virtual QueueWorker& worker() = 0;
    // Requests that will finish by themselves.
    [[nodiscard]] virtual std::size_t in_flight() const = 0;
    // What was kept after an error is begun again; called before the queue is served again.
    virtual void retry_kept() {}
};

// What a device makes of it, makes its queues and has its back ends attached. Thread: the
// IoThread's, after construction. What it is told arrives as posted work.
class QueueSet : private IoSource {
public:
    using Done = std::function<void()>;

    explicit QueueSet(EventFd look) : look_(std::move(look)) {}
    ~QueueSet() override = default;
    QueueSet(const QueueSet&) = delete;
    QueueSet& operator=(const QueueSet&) = delete;

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
    void hold_still(Done done);
    void let_go();
    // While it holds still: the queues go from this loop to another. join() only where leave() was
    // true: the device is active. Where the loop cannot watch them, the device needs a reset.
    [[nodiscard]] bool leave();
    void join(IoLoop& loop);
    // The driver is told that the configuration space has changed, if there is one.
    void tell_config_changed();

protected:
    // The loop looks at what is below the queues, before and after it looks at these.
    [[nodiscard]] virtual Result<> attach_back_end(IoLoop& loop) = 0;
    virtual void detach_back_end(IoLoop& loop) = 0;
    // BlockEngine::hand_back_held(): queues keep what they are handed back, now or later.
    virtual void hand_back_held() = 0;
    [[nodiscard]] virtual std::unique_ptr<ServedQueue> make_queue(ActiveQueue queue) = 0;
    // False: the back end takes nothing until follow_availability() is called.
    [[nodiscard]] virtual bool is_available() const { return true; }
    // Before the first look at new queues.
    virtual void on_activate(FeatureSet) {}
    // An error that held the queues is over.
    virtual void on_error_forgotten() {}

    // The loop has come back after look_again().
    virtual void on_look() {}

    // on_look() is called soon, not from here. Nothing happens when not active.
    void look_again() { look_.signal(); }
    // For the queues: the last request of one has finished; do not destroy it here.
    void note_idle();
    // For the queues: one keeps what was handed back. Those that may be served go on with it, soon.
    void note_handed_back();
    // is_available() is another now.
    void follow_availability();
    // No chain is taken until the next resume() or activation.
    void hold();
    void tell_guest_error(std::string_view reason) { host_->guest_error(reason); }
    void tell_broken_ring(std::string_view reason);

    [[nodiscard]] bool is_active() const { return loop_ != nullptr; }
    // Null when not active.
    [[nodiscard]] IoLoop* loop() const { return loop_; }
    // Chains may be taken now.
    [[nodiscard]] bool is_serving() const { return loop_ != nullptr && may_serve(); }
    [[nodiscard]] const std::vector<std::unique_ptr<ServedQueue>>& queues() const {
        return queues_;
    }

private:
    void on_ready() override;  // look_

    // A queue that its driver resets.
    struct Leaving {
        QueueIndex index;
        Done done;
    };

    [[nodiscard]] bool may_serve() const {
        return !paused_ && !broken_ && !leaving_ && !held_ && !still_ && is_available();
    }
    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] bool is_leaving(QueueIndex index) const;
    [[nodiscard]] Result<> attach(IoLoop& loop);
    void detach();
    void stop_workers();
    void start_workers_if_allowed();
    // Lets go of the queues that are to leave and are idle.
    void settle_queues();
    // Calls who waits for idleness, when there is idleness.
    void settle();

    EventFd look_;  // readable: the loop is to come back

    IoLoop* loop_ = nullptr;  // while active
    DeviceHost* host_ = nullptr;
    std::vector<std::unique_ptr<ServedQueue>> queues_;
    bool paused_ = false;
    bool broken_ = false;
    bool leaving_ = false;
    std::vector<Leaving> leaving_queues_;
    bool held_ = false;   // after an error
    bool still_ = false;  // until let_go()
    bool serve_due_ = false;
    std::vector<Done> waiting_for_pause_;
    std::vector<Done> waiting_for_end_;
    std::vector<Done> waiting_for_still_;
};

}  // namespace siskin
