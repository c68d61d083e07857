// SPDX-License-Identifier: Apache-2.0
// SyncTurn: one fdatasync(2) of a file at a time, whichever engine and thread asks.
#pragma once

#include <condition_variable>
#include <vector>

#include "base/fd.h"
#include "base/mutex.h"

namespace siskin {

// Linux tells an error of write-back once for each open file: of two syncs at the same time one is
// told, and the other one succeeds although what was acknowledged before it is lost. Any thread.
class SyncTurn {
public:
    // False: another one has the turn. `waiter` is signalled when it is worth another try; it is
    // the caller's, who calls forget() before it goes.
    [[nodiscard]] bool take(const EventFd& waiter) SISKIN_EXCLUDES(mutex_);
    void forget(const EventFd& waiter) SISKIN_EXCLUDES(mutex_);
    // For threads that may block.
    void wait_and_take() SISKIN_EXCLUDES(mutex_);
    void give_back() SISKIN_EXCLUDES(mutex_);

private:
    Mutex mutex_;
    std::condition_variable_any given_back_;
    bool is_taken_ SISKIN_GUARDED_BY(mutex_) = false;
    std::vector<const EventFd*> waiting_ SISKIN_GUARDED_BY(mutex_);  // at most one an engine
};

}  // namespace siskin
