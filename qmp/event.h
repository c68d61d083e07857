// SPDX-License-Identifier: Apache-2.0
// An event on its way to the clients, and where it is handed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace siskin::qmp {

// What the schema says of an event.
struct EventRow {
    std::string_view name;
    // At most one in this time a key, the last one wins; zero means no limit.
    std::chrono::milliseconds interval;
};

struct Event {
    const EventRow* info = nullptr;
    std::string data;          // JSON text, empty when the event has none
    std::string key;           // what the rate limit counts apart, mostly empty
    std::int64_t seconds = 0;  // when it happened, since 1970 UTC
    std::int64_t microseconds = 0;
};

// Takes events. Any thread; never blocks.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void emit(Event event) = 0;
};

// The event with the time of now.
[[nodiscard]] Event event_now(const EventRow& info, std::string data, std::string key);

}  // namespace siskin::qmp
