// SPDX-License-Identifier: Apache-2.0
// Proves qmp/subscriptions: who gets which line, what is replayed, what is refused.
#include "qmp/subscriptions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qmp/generated/events.h"

using siskin::Result;
using siskin::qmp::Event;
using siskin::qmp::event_table;
using siskin::qmp::EventLog;
using siskin::qmp::EventRow;
using siskin::qmp::EventSubscription;
using siskin::qmp::SessionId;
using siskin::qmp::Subscriptions;

namespace {

constexpr EventRow kOwn{"X_SISKIN_TEST", std::chrono::milliseconds{0}, true};
constexpr SessionId kAsked = 1;
constexpr SessionId kOther = 2;

const EventRow& row(std::string_view name) {
    const auto table = event_table();
    return *std::find_if(table.begin(), table.end(),
                         [&](const EventRow& event) { return event.name == name; });
}

struct Bench {
    Result<EventSubscription> subscribe(std::optional<std::uint64_t> since = {},
                                        std::optional<std::vector<std::string>> filter = {}) {
        subscriptions.begin_command(kAsked);
        return subscriptions.x_siskin_events_subscribe({since, std::move(filter)});
    }
    void raise(const EventRow& event, std::uint64_t lost = 0) {
        subscriptions.add(Event{&event, {}, {}, 1, 2}, lost);
    }
    // "STOP 3" with the number, "STOP" without, or "nothing".
    std::string got(SessionId session) const {
        const auto line = subscriptions.line_for(session);
        return line ? brief(*line) : "nothing";
    }
    std::vector<std::string> replay() {
        std::vector<std::string> out;
        for (const std::string& line : subscriptions.take_replay()) {
            out.push_back(brief(line));
        }
        return out;
    }
    static std::string brief(std::string_view line) {
        constexpr std::string_view kEvent = "\"event\": \"";
        constexpr std::string_view kNumber = "\"x-siskin-sequence\": ";
        const auto name = line.substr(line.find(kEvent) + kEvent.size());
        const auto at = line.find(kNumber);
        std::string out(name.substr(0, name.find('"')));
        if (at != std::string_view::npos) {
            const auto number = line.substr(at + kNumber.size());
            out += ' ' + std::string(number.substr(0, number.find('}')));
        }
        return out;
    }

    Subscriptions subscriptions;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_SUITE("qmp/subscriptions") {
    TEST_CASE("a client that has not asked gets the event as QEMU sends it, and no event of ours") {
        Bench bench;
        bench.raise(row("STOP"));
        CHECK(bench.got(kOther) == "STOP");

        bench.raise(kOwn);
        CHECK(bench.got(kOther) == "nothing");
    }

    TEST_CASE("a client that has asked gets numbers, and our own events") {
        Bench bench;
        bench.raise(row("STOP"));
        REQUIRE(bench.subscribe().has_value());
        CHECK(bench.replay().empty());

        bench.raise(row("RESUME"));
        CHECK(bench.got(kAsked) == "RESUME 2");
        CHECK(bench.got(kOther) == "RESUME");
        bench.raise(kOwn);
        CHECK(bench.got(kAsked) == "X_SISKIN_TEST 3");
    }

    TEST_CASE("a filter passes the events it names") {
        Bench bench;
        REQUIRE(bench.subscribe({}, Lines{"STOP", "RESET"}).has_value());

        bench.raise(row("STOP"));
        CHECK(bench.got(kAsked) == "STOP 1");
        bench.raise(row("RESUME"));
        CHECK(bench.got(kAsked) == "nothing");
        bench.raise(row("RESET"));
        CHECK(bench.got(kAsked) == "RESET 3");
    }

    TEST_CASE("'since' replays what is kept from that number on, through the filter") {
        Bench bench;
        bench.raise(row("STOP"));
        bench.raise(row("RESUME"));
        bench.raise(row("STOP"));

        auto answer = bench.subscribe(1);
        REQUIRE(answer.has_value());
        CHECK(answer->next == 4);
        CHECK(answer->replayed == 3);
        CHECK(answer->lost == 0);
        CHECK(bench.replay() == Lines{"STOP 1", "RESUME 2", "STOP 3"});

        answer = bench.subscribe(2, Lines{"STOP"});
        REQUIRE(answer.has_value());
        CHECK(answer->replayed == 1);
        CHECK(bench.replay() == Lines{"STOP 3"});

        answer = bench.subscribe(4);
        REQUIRE(answer.has_value());
        CHECK(answer->replayed == 0);
        CHECK(bench.replay().empty());
    }

    TEST_CASE("the answer says how many numbers are gone, forgotten or never sent") {
        Bench bench;
        bench.raise(row("STOP"), 2);
        CHECK(bench.subscribe(1)->lost == 2);
        CHECK(bench.replay() == Lines{"STOP 3"});

        for (std::size_t count = 0; count < EventLog::kEventsMax; ++count) {
            bench.raise(row("STOP"));
        }
        CHECK(bench.subscribe(1)->lost == 3);
        CHECK(bench.replay().size() == EventLog::kEventsMax);
    }

    TEST_CASE("a number that is still to come is refused, and so are events that do not exist") {
        Bench bench;
        bench.raise(row("STOP"));

        CHECK(bench.subscribe(3).error().message ==
              "Parameter 'since' is 3, allowed is 1 to 2, the next event's number");
        CHECK(bench.subscribe(0).error().message ==
              "Parameter 'since' is 0, allowed is 1 to 2, the next event's number");
        CHECK(bench.subscribe(1, Lines{"STOP", "NOPE\n"}).error().message ==
              "Parameter 'filter' names 'NOPE\\x0a', which is no event; query-qmp-schema lists "
              "them");
        CHECK(bench.subscribe(1, Lines{}).error().message ==
              "Parameter 'filter' is empty, allowed are one or more names of events");
        CHECK(bench.replay().empty());
        bench.raise(row("STOP"));
        CHECK(bench.got(kAsked) == "STOP");
    }

    TEST_CASE("a client that is gone is forgotten") {
        Bench bench;
        REQUIRE(bench.subscribe().has_value());
        bench.subscriptions.forget(kAsked);

        bench.raise(kOwn);
        CHECK(bench.got(kAsked) == "nothing");
    }
}
