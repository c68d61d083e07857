// SPDX-License-Identifier: Apache-2.0
// DescriptorWatch: watches a timer, and one descriptor that changes, for reading and writing; for
// an IoLoop it is one descriptor to read.
#pragma once

#include <chrono>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// Thread: one at a time.
class DescriptorWatch {
public:
    [[nodiscard]] static Result<DescriptorWatch> create();

    // For IoLoop::add().
    [[nodiscard]] int get() const { return epoll_.get(); }
    // This descriptor instead of the one before; forget() that one before it is closed.
    void follow(int descriptor, bool for_writing);
    void forget();
    // The timer: again and again; 0 is never.
    void set_timer(std::chrono::milliseconds interval) const;
    // Whether it has expired since the last call.
    [[nodiscard]] bool take_timer() const;

private:
    DescriptorWatch(Fd epoll, Fd timer) : epoll_(std::move(epoll)), timer_(std::move(timer)) {}

    Fd epoll_;
    Fd timer_;
    int descriptor_ = -1;
    bool for_writing_ = false;
};

}  // namespace siskin
