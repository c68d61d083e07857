// SPDX-License-Identifier: Apache-2.0
// SyncTurn.
#include "devices/block/sync_turn.h"

#include <algorithm>
#include <utility>

namespace siskin {

bool SyncTurn::take(const EventFd& waiter) {
    const MutexLock hold(mutex_);
    if (!std::exchange(is_taken_, true)) {
        return true;
    }
    if (std::find(waiting_.begin(), waiting_.end(), &waiter) == waiting_.end()) {
        waiting_.push_back(&waiter);
    }
    return false;
}

void SyncTurn::forget(const EventFd& waiter) {
    const MutexLock hold(mutex_);
    std::erase(waiting_, &waiter);
}

void SyncTurn::wait_and_take() {
    const MutexLock hold(mutex_);
    while (is_taken_) {
        given_back_.wait(mutex_);
    }
    is_taken_ = true;
}

// Under the lock to the end: who waits may go as soon as forget() has returned.
void SyncTurn::give_back() {
    const MutexLock hold(mutex_);
    is_taken_ = false;
    given_back_.notify_one();
    for (const EventFd* const waiter : waiting_) {
        waiter->signal();
    }
    waiting_.clear();
}

}  // namespace siskin
