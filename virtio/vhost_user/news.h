// SPDX-License-Identifier: Apache-2.0
// VhostUserNews: what the I/O thread tells the VM loop of a back end; the newest replaces the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/mutex.h"
#include "virtio/vhost_user/disk_info.h"

namespace siskin {

// Any thread tells, one takes. The mutex is held for a copy.
class VhostUserNews {
public:
    struct Taken {
        std::optional<DiskInfo> disk;     // the back end is there, and says this
        std::uint16_t queue_count = 0;    // which the device has then
        std::optional<std::string> lost;  // the connection has ended, and why
    };

    explicit VhostUserNews(EventFd event) : event_(std::move(event)) {}

    void tell_disk(const DiskInfo& disk, std::uint16_t queue_count) {
        {
            const MutexLock hold(mutex_);
            news_.disk = disk;
            news_.queue_count = queue_count;
        }
        event_.signal();
    }
    void tell_lost(std::string reason) {
        {
            const MutexLock hold(mutex_);
            news_.lost = std::move(reason);
        }
        event_.signal();
    }
    [[nodiscard]] Taken take() {
        [[maybe_unused]] const auto count = event_.take();
        const MutexLock hold(mutex_);
        return std::exchange(news_, Taken());
    }
    // Readable when there is something to take.
    [[nodiscard]] const EventFd& event() const { return event_; }

private:
    EventFd event_;
    Mutex mutex_;
    Taken news_ SISKIN_GUARDED_BY(mutex_);
};

}  // namespace siskin
