// SPDX-License-Identifier: Apache-2.0
// QueueWorker.
#include "virtio/queue/queue_worker.h"

#include <utility>

namespace siskin {

QueueWorker::QueueWorker(ActiveQueue queue, QueueClient& client)
    : queue_(std::move(queue)), client_(client), chain_(queue_.queue.chain_length_max()) {}

Result<> QueueWorker::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(queue_.kick.get(), *this));
    loop_ = &loop;
    loop.add_poller(*this);
    return {};
}

void QueueWorker::detach(IoLoop& loop) {
    stop();
    flush_interrupt();
    loop.remove_poller(*this);
    loop.forget_turn_end(*this);
    loop_ = nullptr;
    loop.remove(queue_.kick.get(), *this);
}

void QueueWorker::start() {
    running_ = true;
    starved_ = false;
    // What was offered before, or while stopped, had its kick then.
    queue_.kick.signal();
}

void QueueWorker::complete(ChainHead head, std::uint32_t written) {
    queue_.queue.push_used(head, written);
    pushed_ = true;
    want_turn_end();
}

void QueueWorker::flush_interrupt() {
    if (pushed_) {
        pushed_ = false;
        if (queue_.queue.should_notify()) {
            queue_.interrupt.signal();
        }
    }
}

void QueueWorker::on_ready() {
    // Also when stopped: a kick nobody takes would wake the loop for ever.
    [[maybe_unused]] const auto kicks = queue_.kick.take();
    if (running_) {
        drain();
    }
}

void QueueWorker::on_turn_end() {
    flush_interrupt();
    if (starved_ && running_ && client_.has_room()) {
        starved_ = false;
        queue_.kick.signal();
    }
}

void QueueWorker::begin_polling() {
    polled_ = true;
    if (running_) {
        queue_.queue.disable_notification();
    }
}

bool QueueWorker::poll() {
    return running_ && !starved_ && drain();
}

void QueueWorker::end_polling() {
    polled_ = false;
    if (running_ && queue_.queue.enable_notification()) {
        queue_.kick.signal();
    }
}

bool QueueWorker::drain() {
    if (!polled_) {
        queue_.queue.disable_notification();
    }
    for (std::uint16_t taken = 0; taken < queue_.queue.size(); ++taken) {
        if (!client_.has_room()) {
            starved_ = true;
            want_turn_end();
            return taken != 0;
        }
        const Popped popped = queue_.queue.pop(chain_);
        if (popped.outcome == Popped::Outcome::Empty) {
            if (polled_ || !queue_.queue.enable_notification()) {
                return taken != 0;
            }
            queue_.queue.disable_notification();
        } else if (!handle(popped)) {
            return true;
        }
    }
    // More may wait; the other sources of this thread come first.
    queue_.kick.signal();
    return true;
}

bool QueueWorker::handle(const Popped& popped) {
    switch (popped.outcome) {
        case Popped::Outcome::Empty: break;
        case Popped::Outcome::Chain: client_.on_chain(chain_); break;
        case Popped::Outcome::BadChain:
            complete(popped.head, 0);
            client_.on_bad_chain(popped.reason);
            break;
        case Popped::Outcome::BadHead: client_.on_bad_chain(popped.reason); break;
        case Popped::Outcome::BrokenRing:
            stop();
            client_.on_broken_ring(popped.reason);
            break;
    }
    return running_;
}

}  // namespace siskin
