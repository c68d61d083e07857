// SPDX-License-Identifier: Apache-2.0
// Numbers events and forgets the oldest.
#include "qmp/event_log.h"

#include <algorithm>

namespace siskin::qmp {

const NumberedEvent& EventLog::add(const Event& event) {
    const std::uint64_t number = next_++;
    events_.push_back(NumberedEvent{number, event.info, event_line(event, number)});
    bytes_ += events_.back().line.size();
    while (events_.size() > kEventsMax || (bytes_ > kBytesMax && events_.size() > 1)) {
        bytes_ -= events_.front().line.size();
        events_.pop_front();
    }
    return events_.back();
}

std::uint64_t EventLog::lost_since(std::uint64_t since) const {
    const auto kept =
        std::count_if(events_.begin(), events_.end(),
                      [&](const NumberedEvent& event) { return event.number >= since; });
    return next_ - since - static_cast<std::uint64_t>(kept);
}

}  // namespace siskin::qmp
