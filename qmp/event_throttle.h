// SPDX-License-Identifier: Apache-2.0
// Holds back events that come too often, as the schema's `limit` says.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qmp/event.h"

namespace siskin::qmp {

// The first event of a kind (and key) goes out at once and opens an interval. Of those that come
// during it only the last is kept; it goes out at the interval's end, with its own time stamp, and
// opens the next one. Thread: QMP.
class EventThrottle {
public:
    using Clock = std::chrono::steady_clock;
    // Kinds and keys under way at a time; events of further ones are dropped until one ends.
    static constexpr std::size_t kSlotsMax = 4096;

    // The event again if it may go out now.
    [[nodiscard]] std::optional<Event> offer(Event event, Clock::time_point now);
    // The events whose time has come.
    [[nodiscard]] std::vector<Event> expire(Clock::time_point now);
    // When to call expire() next.
    [[nodiscard]] std::optional<Clock::time_point> deadline() const;

private:
    struct Slot {
        Clock::time_point end;
        std::optional<Event> kept;
    };
    std::map<std::pair<const EventRow*, std::string>, Slot> slots_;
};

}  // namespace siskin::qmp
