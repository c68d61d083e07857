// SPDX-License-Identifier: Apache-2.0
// The event rate limit.
#include "qmp/event_throttle.h"

#include <algorithm>

namespace siskin::qmp {

std::optional<Event> EventThrottle::offer(Event event, Clock::time_point now) {
    if (event.info->interval.count() == 0) {
        return event;
    }
    const std::pair key(event.info, event.key);
    if (const auto found = slots_.find(key); found != slots_.end()) {
        found->second.kept = std::move(event);
        return std::nullopt;
    }
    if (slots_.size() == kSlotsMax) {
        return std::nullopt;
    }
    slots_.emplace(key, Slot{now + event.info->interval, std::nullopt});
    return event;
}

std::vector<Event> EventThrottle::expire(Clock::time_point now) {
    std::vector<Event> out;
    for (auto at = slots_.begin(); at != slots_.end();) {
        Slot& slot = at->second;
        if (slot.end > now) {
            ++at;
        } else if (slot.kept) {
            out.push_back(*std::exchange(slot.kept, std::nullopt));
            slot.end = now + at->first.first->interval;
            ++at;
        } else {
            at = slots_.erase(at);
        }
    }
    return out;
}

std::optional<EventThrottle::Clock::time_point> EventThrottle::deadline() const {
    const auto first = std::min_element(
        slots_.begin(), slots_.end(),
        [](const auto& left, const auto& right) { return left.second.end < right.second.end; });
    return first == slots_.end() ? std::nullopt : std::optional(first->second.end);
}

}  // namespace siskin::qmp
