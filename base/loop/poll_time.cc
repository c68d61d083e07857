// SPDX-License-Identifier: Apache-2.0
// How a polling time is learned.
#include "base/loop/poll_time.h"

#include <algorithm>

namespace siskin {

void PollTime::on_event_after(Nanoseconds elapsed) {
    if (elapsed <= time_) {
        return;  // found by looking
    }
    if (elapsed > limits_.max) {
        time_ = limits_.shrink == 0 ? Nanoseconds{0} : time_ / limits_.shrink;
        return;
    }
    const Nanoseconds::rep factor = limits_.grow == 0 ? 2 : limits_.grow;
    // Without an overflow: the factor is a client's.
    const bool is_near = time_.count() > limits_.max.count() / factor;
    const Nanoseconds grown = is_near ? limits_.max : std::max(time_ * factor, kFirst);
    time_ = std::min(grown, limits_.max);
}

}  // namespace siskin
