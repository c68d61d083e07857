// SPDX-License-Identifier: Apache-2.0
// MachineClock: the Clock of a running machine, over the host's clocks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bus/machine_lock.h"
#include "base/loop/event_loop.h"
#include "base/loop/timer.h"
#include "base/result.h"
#include "devices/platform/clock.h"

namespace siskin {

// Starts running. Timers are made and destroyed on the VM loop's thread; everything else under
// MachineLock, which the loop's callbacks take by themselves.
class MachineClock final : public Clock {
public:
    MachineClock(EventLoop& loop, MachineLock& lock);

    [[nodiscard]] std::chrono::nanoseconds now() const override;
    [[nodiscard]] std::chrono::nanoseconds utc() const override;
    [[nodiscard]] Result<std::unique_ptr<ClockTimer>> make_timer(
        std::function<void()> expired) override;

    // Guest time stands still, no timer expires, until resume(). Both may be called twice.
    void pause();
    void resume();

private:
    class TimerImpl;

    EventLoop& loop_;
    MachineLock& lock_;
    std::chrono::nanoseconds before_{0};               // guest time until the last resume
    std::optional<std::chrono::nanoseconds> running_;  // host time of that resume; none: paused
    std::vector<TimerImpl*> timers_;
};

}  // namespace siskin
