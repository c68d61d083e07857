// SPDX-License-Identifier: Apache-2.0
// QueueWorker.
#include "virtio/queue/queue_worker.h"

#include <utility>

namespace siskin {

QueueWorker::QueueWorker(ActiveQueue queue, QueueClient& client)
    : queue_(std::move(queue)), client_(client), chain_(queue_.queue.chain_length_max()) {}

Result<> QueueWorker::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(queue_.kick.get(), *this));
    loop.add_turn_end(*this);
    return {};
}

void QueueWorker::detach(IoLoop& loop) {
    stop();
    flush_interrupt();
    loop.remove_turn_end(*this);
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

void QueueWorker::drain() {
    queue_.queue.disable_notification();
    for (std::uint16_t taken = 0; taken < queue_.queue.size(); ++taken) {
        if (!client_.has_room()) {
            starved_ = true;
            return;
        }
        const Popped popped = queue_.queue.pop(chain_);
        if (popped.outcome == Popped::Outcome::Empty) {
            if (!queue_.queue.enable_notification()) {
                return;
            }
            queue_.queue.disable_notification();
        } else if (!handle(popped)) {
            return;
        }
    }
    // More may wait; the other sources of this thread come first.
    queue_.kick.signal();
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
