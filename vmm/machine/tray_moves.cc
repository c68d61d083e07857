// SPDX-License-Identifier: Apache-2.0
// TrayMoves.
#include "vmm/machine/tray_moves.h"

#include <algorithm>
#include <utility>

namespace siskin {

Result<std::unique_ptr<TrayMoves>> TrayMoves::create() {
    return std::unique_ptr<TrayMoves>(new TrayMoves(SISKIN_TRY(EventFd::create())));
}

std::function<void(bool)> TrayMoves::reporter(std::string device, std::string id) {
    return [this, move = TrayMove{std::move(device), std::move(id), false}](bool is_open) {
        TrayMove moved = move;
        moved.is_open = is_open;
        report(moved);
    };
}

void TrayMoves::report(const TrayMove& move) {
    {
        const MutexLock hold(mutex_);
        const auto former =
            std::find_if(waiting_.rbegin(), waiting_.rend(),
                         [&](const TrayMove& other) { return other.id == move.id; });
        if (waiting_.size() < kWaitingMax) {
            waiting_.push_back(move);
        } else if (former != waiting_.rend()) {
            former->is_open = move.is_open;
        }
    }
    event_.signal();
}

std::vector<TrayMove> TrayMoves::take() {
    [[maybe_unused]] const auto count = event_.take();
    const MutexLock hold(mutex_);
    return std::exchange(waiting_, {});
}

}  // namespace siskin
