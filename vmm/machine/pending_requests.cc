// SPDX-License-Identifier: Apache-2.0
// Requests on their way to the VM thread.
#include "vmm/machine/pending_requests.h"

#include <utility>

namespace siskin {

Result<PendingRequests> PendingRequests::create() {
    return PendingRequests(SISKIN_TRY(EventFd::create()));
}

void PendingRequests::request_reset() {
    {
        const MutexLock hold(mutex_);
        pending_.reset = true;
    }
    event_.signal();
}

void PendingRequests::request_shutdown() {
    {
        const MutexLock hold(mutex_);
        pending_.shutdown = true;
    }
    event_.signal();
}

void PendingRequests::request_debug_exit(std::uint8_t status) {
    {
        const MutexLock hold(mutex_);
        if (!pending_.debug_exit) {
            pending_.debug_exit = status;
        }
    }
    event_.signal();
}

void PendingRequests::report_failure(std::string description) {
    {
        const MutexLock hold(mutex_);
        if (!pending_.failure) {
            pending_.failure = std::move(description);
        }
    }
    event_.signal();
}

PendingRequests::Taken PendingRequests::take() {
    [[maybe_unused]] const auto count = event_.take();
    const MutexLock hold(mutex_);
    return std::exchange(pending_, Taken());
}

}  // namespace siskin
