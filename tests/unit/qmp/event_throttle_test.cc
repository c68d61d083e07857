// SPDX-License-Identifier: Apache-2.0
// Proves qmp/event_throttle, with a clock of its own.
#include "qmp/event_throttle.h"

#include <doctest/doctest.h>

#include <chrono>

using siskin::qmp::Event;
using siskin::qmp::EventRow;
using siskin::qmp::EventThrottle;
using std::chrono::milliseconds;

namespace {

constexpr EventRow kFree{"STOP", milliseconds{0}};
constexpr EventRow kLimited{"RTC_CHANGE", milliseconds{1000}};
constexpr EventRow kOther{"BALLOON_CHANGE", milliseconds{1000}};

EventThrottle::Clock::time_point at(int time_ms) {
    return EventThrottle::Clock::time_point{} + milliseconds{time_ms};
}

Event event(const EventRow& row, int number, std::string key = {}) {
    return Event{&row, {}, std::move(key), number, 0};
}

}  // namespace

TEST_SUITE("qmp/event_throttle") {
    TEST_CASE("an event without a limit always goes out") {
        EventThrottle throttle;

        CHECK(throttle.offer(event(kFree, 1), at(0)).has_value());
        CHECK(throttle.offer(event(kFree, 2), at(0)).has_value());
        CHECK_FALSE(throttle.deadline().has_value());
    }

    TEST_CASE("of five at once the first goes out, and the last a second later as it was (Q10)") {
        EventThrottle throttle;

        CHECK(throttle.offer(event(kLimited, 1), at(0)).has_value());
        for (const int number : {2, 3, 4, 5}) {
            CHECK_FALSE(throttle.offer(event(kLimited, number), at(number)).has_value());
        }
        CHECK(throttle.deadline() == at(1000));
        CHECK(throttle.expire(at(999)).empty());
        const auto late = throttle.expire(at(1000));

        REQUIRE(late.size() == 1);
        CHECK(late[0].seconds == 5);
    }

    TEST_CASE("a late event opens the next interval, a silent one ends the matter") {
        EventThrottle throttle;
        CHECK(throttle.offer(event(kLimited, 1), at(0)).has_value());
        CHECK_FALSE(throttle.offer(event(kLimited, 2), at(1)).has_value());

        CHECK(throttle.expire(at(1000)).size() == 1);
        CHECK_FALSE(throttle.offer(event(kLimited, 3), at(1500)).has_value());
        CHECK(throttle.expire(at(2000)).size() == 1);
        CHECK(throttle.expire(at(3000)).empty());
        CHECK_FALSE(throttle.deadline().has_value());
        CHECK(throttle.offer(event(kLimited, 4), at(3001)).has_value());
    }

    TEST_CASE("kinds and keys are limited apart") {
        EventThrottle throttle;

        CHECK(throttle.offer(event(kLimited, 1), at(0)).has_value());
        CHECK(throttle.offer(event(kOther, 2), at(0)).has_value());
        CHECK(throttle.offer(event(kOther, 3, "disk0"), at(0)).has_value());
        CHECK_FALSE(throttle.offer(event(kOther, 4, "disk0"), at(1)).has_value());
    }

    TEST_CASE("kinds and keys beyond the limit are dropped until one ends") {
        EventThrottle throttle;
        for (std::size_t number = 0; number < EventThrottle::kSlotsMax; ++number) {
            CHECK(throttle.offer(event(kLimited, 1, std::to_string(number)), at(0)).has_value());
        }

        CHECK_FALSE(throttle.offer(event(kLimited, 1, "new"), at(0)).has_value());
        CHECK(throttle.expire(at(1000)).empty());
        CHECK(throttle.offer(event(kLimited, 1, "new"), at(1000)).has_value());
    }
}
