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
    // Only for clients that have subscribed: others may fail on a name they do not know.
    bool on_request = false;
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

// How each message ends: clients look for CR LF.
inline constexpr std::string_view kLineEnd = "\r\n";

// The line of an event, with its end (QMP spec §2.5); with `number` where that is not 0.
[[nodiscard]] std::string event_line(const Event& event, std::uint64_t number = 0);

}  // namespace siskin::qmp
