// SPDX-License-Identifier: Apache-2.0
// QueueSet.
#include "virtio/queue/queue_set.h"

#include <algorithm>
#include <utility>

namespace siskin {
namespace {

void call_all(std::vector<QueueSet::Done>& waiting) {
    for (const QueueSet::Done& done : std::exchange(waiting, {})) {
        done();
    }
}

}  // namespace

void QueueSet::activate(IoLoop& loop, ActiveQueues queues, DeviceHost& host) {
    host_ = &host;
    broken_ = false;
    held_ = false;
    on_error_forgotten();
    on_activate(queues.accepted);
    for (ActiveQueue& queue : queues.queues) {
        queues_.push_back(make_queue(std::move(queue)));
    }
    if (const auto attached = attach(loop); !attached) {
        broken_ = true;
        host.needs_reset(attached.error().message);
    }
    start_workers_if_allowed();
}

// The back end goes first, so that its hook at the end of a turn comes before the workers'.
Result<> QueueSet::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(look_.get(), *this));
    if (auto attached = attach_back_end(loop); !attached) {
        loop.remove(look_.get(), *this);
        return attached;
    }
    for (std::size_t index = 0; index < queues_.size(); ++index) {
        if (auto attached = queues_[index]->worker().attach(loop); !attached) {
            for (std::size_t before = 0; before < index; ++before) {
                queues_[before]->worker().detach(loop);
            }
            detach_back_end(loop);
            loop.remove(look_.get(), *this);
            return attached;
        }
    }
    loop_ = &loop;
    return {};
}

void QueueSet::detach() {
    if (loop_ == nullptr) {
        return;
    }
    for (const auto& queue : queues_) {
        queue->worker().detach(*loop_);
    }
    detach_back_end(*loop_);
    loop_->remove(look_.get(), *this);
    loop_ = nullptr;
}

void QueueSet::deactivate(IoLoop&, Done done) {
    leaving_ = true;
    stop_workers();
    hand_back_held();
    waiting_for_end_.push_back(std::move(done));
    settle();
}

void QueueSet::reset_queue(QueueIndex index, Done done) {
    for (const auto& queue : queues_) {
        if (queue->worker().index() == index) {
            queue->worker().stop();
        }
    }
    hand_back_held();
    leaving_queues_.push_back(Leaving{index, std::move(done)});
    settle_queues();
}

void QueueSet::enable_queue(ActiveQueue queue) {
    if (loop_ == nullptr) {
        return;  // the device needs a reset, or has one
    }
    auto added = make_queue(std::move(queue));
    if (const auto attached = added->worker().attach(*loop_); !attached) {
        tell_broken_ring(attached.error().message);
        return;
    }
    queues_.push_back(std::move(added));
    if (may_serve()) {
        queues_.back()->worker().start();
    }
}

bool QueueSet::is_leaving(QueueIndex index) const {
    return std::any_of(leaving_queues_.begin(), leaving_queues_.end(),
                       [&](const Leaving& one) { return one.index == index; });
}

void QueueSet::settle_queues() {
    for (auto& leaving : std::exchange(leaving_queues_, {})) {
        const auto found = std::find_if(queues_.begin(), queues_.end(), [&](const auto& queue) {
            return queue->worker().index() == leaving.index;
        });
        if (found != queues_.end() && (*found)->in_flight() != 0) {
            leaving_queues_.push_back(std::move(leaving));
            continue;
        }
        if (found != queues_.end()) {
            if (loop_ != nullptr) {
                (*found)->worker().detach(*loop_);
            }
            queues_.erase(found);
        }
        leaving.done();
    }
}

void QueueSet::pause(Done done) {
    paused_ = true;
    stop_workers();
    hand_back_held();
    waiting_for_pause_.push_back(std::move(done));
    settle();
}

void QueueSet::resume() {
    paused_ = false;
    held_ = false;
    on_error_forgotten();
    call_all(waiting_for_pause_);
    start_workers_if_allowed();
}

void QueueSet::hold_still(Done done) {
    still_ = true;
    stop_workers();
    hand_back_held();
    waiting_for_still_.push_back(std::move(done));
    settle();
}

void QueueSet::let_go() {
    still_ = false;
    start_workers_if_allowed();
}

bool QueueSet::leave() {
    const bool active = loop_ != nullptr;
    detach();
    return active;
}

void QueueSet::join(IoLoop& loop) {
    if (const auto attached = attach(loop); !attached) {
        tell_broken_ring(attached.error().message);
    }
}

void QueueSet::follow_availability() {
    if (is_available()) {
        start_workers_if_allowed();
    } else {
        stop_workers();
    }
}

void QueueSet::tell_config_changed() {
    if (host_ != nullptr) {
        host_->config_changed();
    }
}

void QueueSet::stop_workers() {
    for (const auto& queue : queues_) {
        queue->worker().stop();
    }
}

void QueueSet::start_workers_if_allowed() {
    if (!may_serve()) {
        return;
    }
    for (const auto& queue : queues_) {
        if (!is_leaving(queue->worker().index())) {
            queue->retry_kept();
            queue->worker().start();
        }
    }
}

bool QueueSet::is_idle() const {
    return std::all_of(queues_.begin(), queues_.end(),
                       [](const auto& queue) { return queue->in_flight() == 0; });
}

void QueueSet::settle() {
    settle_queues();
    if (!is_idle()) {
        return;
    }
    for (const auto& queue : queues_) {
        queue->worker().flush_interrupt();
    }
    if (leaving_) {
        detach();
        queues_.clear();
        host_ = nullptr;
        leaving_ = false;
        call_all(waiting_for_end_);
    }
    call_all(waiting_for_pause_);
    call_all(waiting_for_still_);
}

void QueueSet::hold() {
    held_ = true;
    stop_workers();
}

void QueueSet::note_idle() {
    if (!waiting_for_end_.empty() || !waiting_for_pause_.empty() || !waiting_for_still_.empty() ||
        !leaving_queues_.empty()) {
        // Not from inside the request that has just finished.
        look_again();
    }
}

void QueueSet::note_handed_back() {
    if (is_serving()) {
        serve_due_ = true;
        look_again();
    }
}

void QueueSet::on_ready() {
    [[maybe_unused]] const auto count = look_.take();
    if (std::exchange(serve_due_, false)) {
        start_workers_if_allowed();
    }
    on_look();
    settle();
}

void QueueSet::tell_broken_ring(std::string_view reason) {
    broken_ = true;
    stop_workers();
    host_->needs_reset(reason);
}

}  // namespace siskin
