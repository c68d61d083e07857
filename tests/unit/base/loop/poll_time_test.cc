// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/poll_time.
#include "base/loop/poll_time.h"

#include <doctest/doctest.h>

#include <limits>

using siskin::PollLimits;
using siskin::PollTime;
using std::chrono::nanoseconds;

TEST_SUITE("base/loop/poll_time") {
    TEST_CASE("it begins with no polling and grows twofold up to the most while waits are short") {
        PollTime time(PollLimits{.max = nanoseconds(20'000)});
        CHECK(time.now() == nanoseconds(0));

        time.on_event_after(nanoseconds(1000));
        CHECK(time.now() == PollTime::kFirst);
        time.on_event_after(nanoseconds(9000));
        CHECK(time.now() == nanoseconds(8000));
        time.on_event_after(nanoseconds(19'000));
        CHECK(time.now() == nanoseconds(16'000));
        time.on_event_after(nanoseconds(19'000));
        CHECK(time.now() == nanoseconds(20'000));
    }

    TEST_CASE("an event found by looking changes nothing") {
        PollTime time(PollLimits{.max = nanoseconds(20'000)});
        time.on_event_after(nanoseconds(1000));

        time.on_event_after(PollTime::kFirst);

        CHECK(time.now() == PollTime::kFirst);
    }

    TEST_CASE("a wait longer than the most ends the polling, or divides it") {
        PollTime to_nothing(PollLimits{.max = nanoseconds(20'000)});
        PollTime divided(PollLimits{.max = nanoseconds(20'000), .shrink = 4});
        for (PollTime* const time : {&to_nothing, &divided}) {
            time->on_event_after(nanoseconds(1000));
            time->on_event_after(nanoseconds(20'001));
        }

        CHECK(to_nothing.now() == nanoseconds(0));
        CHECK(divided.now() == PollTime::kFirst / 4);
    }

    TEST_CASE("the most below the first step is the most; 0 is never polled") {
        PollTime little(PollLimits{.max = nanoseconds(3000)});
        PollTime never;
        little.on_event_after(nanoseconds(2999));
        never.on_event_after(nanoseconds(1));

        CHECK(little.now() == nanoseconds(3000));
        CHECK(never.now() == nanoseconds(0));
    }

    TEST_CASE("the largest numbers overflow nothing") {
        const nanoseconds most(std::numeric_limits<nanoseconds::rep>::max());
        PollTime time(PollLimits{.max = most, .grow = std::numeric_limits<unsigned>::max()});
        for (int step = 0; step < 64; ++step) {
            time.on_event_after(most);
        }

        CHECK(time.now() == most);
    }
}
