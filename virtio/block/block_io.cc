// SPDX-License-Identifier: Apache-2.0
// BlockIo.
#include "virtio/block/block_io.h"

#include <algorithm>
#include <utility>

namespace siskin {
namespace {

void call_all(std::vector<BlockIo::Done>& waiting) {
    for (const BlockIo::Done& done : std::exchange(waiting, {})) {
        done();
    }
}

}  // namespace

void BlockIo::activate(IoLoop& loop, ActiveQueues queues, DeviceHost& host) {
    host_ = &host;
    broken_ = false;
    held_by_error_ = false;
    shared_.stop_error.store(0);
    for (ActiveQueue& queue : queues.queues) {
        BlockCounters& counters = counters_[queue.index.value()];
        queues_.push_back(
            std::make_unique<BlockQueue>(std::move(queue), *engine_, shared_, counters, *this));
    }
    if (const auto attached = attach(loop); !attached) {
        broken_ = true;
        host.needs_reset(attached.error().message);
    }
    start_workers_if_allowed();
}

// The engine goes first, so that its hook at the end of a turn comes before the workers'.
Result<> BlockIo::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(idle_.get(), *this));
    if (auto attached = engine_->attach(loop); !attached) {
        loop.remove(idle_.get(), *this);
        return attached;
    }
    for (std::size_t index = 0; index < queues_.size(); ++index) {
        if (auto attached = queues_[index]->worker().attach(loop); !attached) {
            for (std::size_t before = 0; before < index; ++before) {
                queues_[before]->worker().detach(loop);
            }
            engine_->detach(loop);
            loop.remove(idle_.get(), *this);
            return attached;
        }
    }
    loop_ = &loop;
    return {};
}

void BlockIo::detach() {
    if (loop_ == nullptr) {
        return;
    }
    for (const auto& queue : queues_) {
        queue->worker().detach(*loop_);
    }
    engine_->detach(*loop_);
    loop_->remove(idle_.get(), *this);
    loop_ = nullptr;
}

void BlockIo::deactivate(IoLoop&, Done done) {
    leaving_ = true;
    stop_workers();
    engine_->release_held();
    waiting_for_end_.push_back(std::move(done));
    settle();
}

void BlockIo::reset_queue(QueueIndex index, Done done) {
    for (const auto& queue : queues_) {
        if (queue->worker().index() == index) {
            queue->worker().stop();
        }
    }
    engine_->release_held();
    leaving_queues_.push_back(Leaving{index, std::move(done)});
    settle_queues();
}

void BlockIo::enable_queue(ActiveQueue queue) {
    if (loop_ == nullptr) {
        return;  // the device needs a reset, or has one
    }
    BlockCounters& counters = counters_[queue.index.value()];
    auto added = std::make_unique<BlockQueue>(std::move(queue), *engine_, shared_, counters, *this);
    if (const auto attached = added->worker().attach(*loop_); !attached) {
        on_broken_ring(attached.error().message);
        return;
    }
    queues_.push_back(std::move(added));
    if (may_serve()) {
        queues_.back()->worker().start();
    }
}

bool BlockIo::is_leaving(QueueIndex index) const {
    return std::any_of(leaving_queues_.begin(), leaving_queues_.end(),
                       [&](const Leaving& one) { return one.index == index; });
}

void BlockIo::settle_queues() {
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

void BlockIo::pause(Done done) {
    paused_ = true;
    stop_workers();
    engine_->release_held();
    waiting_for_pause_.push_back(std::move(done));
    settle();
}

void BlockIo::resume() {
    paused_ = false;
    held_by_error_ = false;
    shared_.stop_error.store(0);
    call_all(waiting_for_pause_);
    start_workers_if_allowed();
}

void BlockIo::hold(Done done) {
    held_ = true;
    stop_workers();
    engine_->release_held();
    waiting_for_hold_.push_back(std::move(done));
    settle();
}

void BlockIo::let_go() {
    held_ = false;
    start_workers_if_allowed();
}

void BlockIo::tell_config_changed() {
    if (host_ != nullptr) {
        host_->config_changed();
    }
}

void BlockIo::stop_workers() {
    for (const auto& queue : queues_) {
        queue->worker().stop();
    }
}

bool BlockIo::may_serve() const {
    return !paused_ && !held_ && !broken_ && !leaving_ && !held_by_error_ &&
           engine_->is_available();
}

void BlockIo::start_workers_if_allowed() {
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

bool BlockIo::is_idle() const {
    return std::all_of(queues_.begin(), queues_.end(),
                       [](const auto& queue) { return queue->in_flight() == 0; });
}

void BlockIo::settle() {
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
    call_all(waiting_for_hold_);
}

void BlockIo::on_host_error(const BlockError& error) {
    if (error.action == BlockErrorAction::Stop) {
        held_by_error_ = true;
        shared_.stop_error.store(error.error_number);
        stop_workers();
    }
    if (errors_ != nullptr) {
        errors_->on_block_error(error);
    }
}

void BlockIo::on_queue_idle() {
    if (!waiting_for_end_.empty() || !waiting_for_pause_.empty() || !waiting_for_hold_.empty() ||
        !leaving_queues_.empty()) {
        // Not from inside the request that has just finished.
        idle_.signal();
    }
}

void BlockIo::on_ready() {
    [[maybe_unused]] const auto count = idle_.take();
    settle();
}

// What was in flight is kept by its queue, in the order of its arrival, and goes first afterwards.
void BlockIo::on_availability_changed() {
    if (engine_->is_available()) {
        start_workers_if_allowed();
    } else {
        stop_workers();
    }
}

void BlockIo::on_guest_error(std::string_view reason) {
    host_->guest_error(reason);
}

void BlockIo::on_broken_ring(std::string_view reason) {
    broken_ = true;
    stop_workers();
    host_->needs_reset(reason);
}

}  // namespace siskin
