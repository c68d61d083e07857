// SPDX-License-Identifier: Apache-2.0
// Proves qmp/event and the generated events.
#include "qmp/event.h"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

#include "qmp/generated/events.h"

using siskin::qmp::Event;
using siskin::qmp::event_now;
using siskin::qmp::event_table;
using siskin::qmp::EventSink;
using siskin::qmp::ShutdownCause;

namespace {

class Collector final : public EventSink {
public:
    void emit(Event event) override { events.push_back(std::move(event)); }
    std::vector<Event> events;
};

}  // namespace

TEST_SUITE("qmp/event") {
    TEST_CASE("an event carries the time of now in whole seconds and microseconds") {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const Event event = event_now(event_table()[0], {}, {});

        CHECK(event.seconds >= std::chrono::duration_cast<std::chrono::seconds>(now).count());
        CHECK(event.seconds <= std::chrono::duration_cast<std::chrono::seconds>(now).count() + 5);
        CHECK(event.microseconds >= 0);
        CHECK(event.microseconds < 1'000'000);
    }

    TEST_CASE("a generated event has its name and its data as JSON") {
        Collector sink;
        siskin::qmp::events::shutdown(sink, true, ShutdownCause::GuestReset);
        siskin::qmp::events::powerdown(sink);

        REQUIRE(sink.events.size() == 2);
        CHECK(sink.events[0].info->name == "SHUTDOWN");
        CHECK(sink.events[0].data == "{\"guest\": true, \"reason\": \"guest-reset\"}");
        CHECK(sink.events[1].info->name == "POWERDOWN");
        CHECK(sink.events[1].data.empty());
    }
}
