// SPDX-License-Identifier: Apache-2.0
// Timer: a delay that any thread may set; its end is a call on the event loop's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"

namespace siskin {

// Created and destroyed on the loop's thread. A call may already be under way when another thread
// disarms the timer, so the callee looks whether its deadline has really come.
class Timer {
public:
    [[nodiscard]] static Result<std::unique_ptr<Timer>> create(EventLoop& loop,
                                                               std::function<void()> expired);

    // Any thread. Calls back once, after `delay` (0 or less: as soon as the loop turns); replaces
    // the delay set before.
    void arm(std::chrono::nanoseconds delay) const;
    void disarm() const;

private:
    Timer(Fd fd, std::function<void()> expired)
        : fd_(std::move(fd)), expired_(std::move(expired)) {}
    void on_readable() const;

    Fd fd_;  // timerfd(2): settable from any thread without a lock of ours
    std::function<void()> expired_;
    std::unique_ptr<EventLoop::Watch> watch_;
};

}  // namespace siskin
