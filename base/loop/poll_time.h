// SPDX-License-Identifier: Apache-2.0
// PollTime: for how long a loop looks for work before it waits for it, learned from its waits.
#pragma once

#include <chrono>

namespace siskin {

// As QEMU's iothread objects have it: `grow` and `shrink` are factors; 0 means twice, and to
// nothing.
struct PollLimits {
    std::chrono::nanoseconds max{0};  // 0: the loop never polls
    unsigned grow = 0;
    unsigned shrink = 0;
};

// Pure. A wait that ended soon could have been spent looking, so the time grows up to the most; a
// long one shows an idle loop, and the time goes back: an idle loop does not look at all.
class PollTime {
public:
    using Nanoseconds = std::chrono::nanoseconds;
    static constexpr Nanoseconds kFirst{4000};  // what it grows to from nothing

    PollTime() = default;
    explicit PollTime(const PollLimits& limits) : limits_(limits) {}

    [[nodiscard]] Nanoseconds now() const { return time_; }
    [[nodiscard]] const PollLimits& limits() const { return limits_; }
    // From the first look, or where there was none from the start of the wait, to the first event.
    void on_event_after(Nanoseconds elapsed);

private:
    PollLimits limits_;
    Nanoseconds time_{0};
};

}  // namespace siskin
