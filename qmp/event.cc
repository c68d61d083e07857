// SPDX-License-Identifier: Apache-2.0
// The time stamp of an event.
#include "qmp/event.h"

#include <utility>

namespace siskin::qmp {

Event event_now(const EventRow& info, std::string data, std::string key) {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
    static constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
    return Event{&info, std::move(data), std::move(key), microseconds / kMicrosecondsPerSecond,
                 microseconds % kMicrosecondsPerSecond};
}

}  // namespace siskin::qmp
