// SPDX-License-Identifier: Apache-2.0
// Proves qmp/event_log: numbers, bounds, and what is lost.
#include "qmp/event_log.h"

#include <doctest/doctest.h>

#include <string>

using siskin::qmp::Event;
using siskin::qmp::EventLog;
using siskin::qmp::EventRow;

namespace {

constexpr EventRow kRow{"STOP", std::chrono::milliseconds{0}};

Event stop(std::string data = {}) {
    return Event{&kRow, std::move(data), {}, 5, 6};
}

}  // namespace

TEST_SUITE("qmp/event_log") {
    TEST_CASE("numbers begin with 1, go up by one, and stand in the event's line") {
        EventLog log;

        CHECK(log.next() == 1);
        CHECK(log.add(stop()).number == 1);
        CHECK(log.add(stop()).line ==
              "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 6}, \"event\": \"STOP\", "
              "\"x-siskin-sequence\": 2}\r\n");
        CHECK(log.next() == 3);
    }

    TEST_CASE("nothing is lost while everything is kept") {
        EventLog log;
        CHECK(log.lost_since(1) == 0);
        log.add(stop());
        log.add(stop());

        CHECK(log.lost_since(1) == 0);
        CHECK(log.lost_since(2) == 0);
        CHECK(log.lost_since(3) == 0);
    }

    TEST_CASE("the log forgets the oldest of more than 1024 events, and counts them as lost") {
        EventLog log;
        for (std::size_t count = 0; count < EventLog::kEventsMax + 3; ++count) {
            log.add(stop());
        }

        CHECK(log.events().size() == EventLog::kEventsMax);
        CHECK(log.events().front().number == 4);
        CHECK(log.lost_since(1) == 3);
        CHECK(log.lost_since(3) == 1);
        CHECK(log.lost_since(4) == 0);
    }

    TEST_CASE("the log forgets by bytes, too, but keeps the newest event whatever its size") {
        EventLog log;
        log.add(stop());
        log.add(stop('"' + std::string(EventLog::kBytesMax, 'x') + '"'));
        CHECK(log.events().size() == 1);
        CHECK(log.events().front().number == 2);

        log.add(stop());
        CHECK(log.events().size() == 1);
        CHECK(log.events().front().number == 3);
        CHECK(log.lost_since(1) == 2);
    }

    TEST_CASE("numbers that were skipped count as lost") {
        EventLog log;
        log.add(stop());
        log.skip(5);

        CHECK(log.add(stop()).number == 7);
        CHECK(log.lost_since(1) == 5);
        CHECK(log.lost_since(7) == 0);
    }
}
