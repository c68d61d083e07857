// SPDX-License-Identifier: Apache-2.0
// Clock: guest time, calendar time and timers as a seam, so that tests decide what time it is.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.h"

namespace siskin {

// Calls back once at a point of guest time. Thread: under MachineLock; so is the call, on the VM
// loop's thread.
class ClockTimer {
public:
    virtual ~ClockTimer() = default;

    // Replaces the deadline set before; one in the past calls back as soon as possible, never
    // inside arm().
    virtual void arm(std::chrono::nanoseconds deadline) = 0;
    virtual void disarm() = 0;
};

// Thread: under MachineLock.
class Clock {
public:
    virtual ~Clock() = default;

    // Guest time: rises steadily from 0, stands still while the machine is stopped.
    [[nodiscard]] virtual std::chrono::nanoseconds now() const = 0;
    // Calendar time: UTC since 1970-01-01. May jump when the host's clock is set.
    [[nodiscard]] virtual std::chrono::nanoseconds utc() const = 0;
    // The timer does not outlive the clock.
    [[nodiscard]] virtual Result<std::unique_ptr<ClockTimer>> make_timer(
        std::function<void()> expired) = 0;
};

}  // namespace siskin
