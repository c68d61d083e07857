// SPDX-License-Identifier: Apache-2.0
// TrayMoves: trays that opened and closed, on their way from the drives' threads to the VM loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/mutex.h"
#include "base/result.h"

namespace siskin {

struct TrayMove {
    std::string device;  // the drive's id, or empty
    std::string id;      // the device's, or its path
    bool is_open = false;
};

// Any thread reports, the VM thread takes. A guest moves its tray as fast as it can: where
// kWaitingMax wait, the last one of the same drive takes the place of the one before.
class TrayMoves {
public:
    static constexpr std::size_t kWaitingMax = 64;

    [[nodiscard]] static Result<std::unique_ptr<TrayMoves>> create();

    // For one drive; this object outlives it.
    [[nodiscard]] std::function<void(bool is_open)> reporter(std::string device, std::string id);
    [[nodiscard]] std::vector<TrayMove> take() SISKIN_EXCLUDES(mutex_);
    // Readable when there is something to take.
    [[nodiscard]] int event_fd() const { return event_.get(); }

private:
    explicit TrayMoves(EventFd event) : event_(std::move(event)) {}
    void report(const TrayMove& move) SISKIN_EXCLUDES(mutex_);

    EventFd event_;
    Mutex mutex_;
    std::vector<TrayMove> waiting_ SISKIN_GUARDED_BY(mutex_);
};

}  // namespace siskin
