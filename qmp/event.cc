// SPDX-License-Identifier: Apache-2.0
// The time stamp and the line of an event.
#include "qmp/event.h"

#include <utility>

#include "qmp/value_json.h"

namespace siskin::qmp {

Event event_now(const EventRow& info, std::string data, std::string key) {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
    static constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
    return Event{&info, std::move(data), std::move(key), microseconds / kMicrosecondsPerSecond,
                 microseconds % kMicrosecondsPerSecond};
}

std::string event_line(const Event& event, std::uint64_t number) {
    JsonWriter out;
    out.begin_object();
    out.key("timestamp");
    out.begin_object();
    out.key("seconds");
    out.integer(event.seconds);
    out.key("microseconds");
    out.integer(event.microseconds);
    out.end_object();
    out.key("event");
    out.string(event.info->name);
    if (!event.data.empty()) {
        out.key("data");
        out.text(event.data);
    }
    if (number != 0) {
        out.key("x-siskin-sequence");
        out.unsigned_integer(number);
    }
    out.end_object();
    return out.take().append(kLineEnd);
}

}  // namespace siskin::qmp
