// SPDX-License-Identifier: Apache-2.0
// EventLog: the last events with their numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "qmp/event.h"

namespace siskin::qmp {

// An event as it was sent.
struct NumberedEvent {
    std::uint64_t number = 0;
    const EventRow* info = nullptr;
    std::string line;  // with the number, with its end
};

// Thread: QMP.
class EventLog {
public:
    // Kept at most; the oldest go first. A client that reads at all takes a replay of all of it,
    // as it fits Conversation::kOutputMax.
    static constexpr std::size_t kEventsMax = 1024;
    static constexpr std::size_t kBytesMax = std::size_t{512} << 10U;
    static constexpr std::uint64_t kFirstNumber = 1;

    // Numbers the event and keeps it. The reference holds until the next call.
    const NumberedEvent& add(const Event& event);
    // Numbers for events that never arrived.
    void skip(std::uint64_t count) { next_ += count; }

    // The number that the next event gets.
    [[nodiscard]] std::uint64_t next() const { return next_; }
    // In ascending order.
    [[nodiscard]] const std::deque<NumberedEvent>& events() const { return events_; }
    // How many numbers from `since` (at most next()) on are not kept.
    [[nodiscard]] std::uint64_t lost_since(std::uint64_t since) const;

private:
    std::deque<NumberedEvent> events_;
    std::size_t bytes_ = 0;
    std::uint64_t next_ = kFirstNumber;
};

}  // namespace siskin::qmp
