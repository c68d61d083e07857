// SPDX-License-Identifier: Apache-2.0
// Proves qmp/session.
#include "qmp/session.h"

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "qmp/generated/commands.h"
#include "qmp/protocol_handlers.h"

using siskin::concat;
using siskin::fail;
using siskin::Fd;
using siskin::Result;
using siskin::Value;
using siskin::qmp::command_table;
using siskin::qmp::CommandCall;
using siskin::qmp::CommandRow;
using siskin::qmp::Event;
using siskin::qmp::event_line;
using siskin::qmp::EventRow;
using siskin::qmp::Handlers;
using siskin::qmp::Reply;
using siskin::qmp::Request;
using siskin::qmp::Role;
using siskin::qmp::Session;
using siskin::qmp::version_info;

namespace {

// One in-band and one out-of-band command.
Result<CommandCall> slow_call(Value);
Result<CommandCall> urgent_call(Value);
Result<CommandCall> taking_call(Value);
constexpr std::array<CommandRow, 3> kTable{{
    {.name = "slow", .decode = slow_call, .role = Role::Observe},
    {.name = "urgent", .decode = urgent_call, .allow_oob = true},
    {.name = "taker", .decode = taking_call, .takes_descriptor = true},
}};
Result<CommandCall> slow_call(Value) {
    return CommandCall{&kTable[0], {}};
}
Result<CommandCall> taking_call(Value) {
    return CommandCall{&kTable[2], {}};
}
Result<CommandCall> urgent_call(Value) {
    return CommandCall{&kTable[1], [](const Handlers&) -> Result<std::string> { return {}; }};
}

// A session whose requests wait here until the test answers them.
class Peer {
public:
    explicit Peer(std::span<const CommandRow> table = kTable)
        : session(version_info("test"), table,
                  {[this](Request request) { waiting.push_back(std::move(request)); },
                   [](const auto&, const CommandCall&) -> Result<std::string> {
                       return "\"at once\"";
                   }}) {
        take();
    }
    // The output so far, which is then sent.
    std::string take() {
        std::string out(session.output());
        session.sent(out.size());
        return out;
    }
    std::string ask(std::string_view bytes) {
        session.receive(bytes);
        return take();
    }
    std::string answer(Result<std::string> result) {
        const Request request = std::move(waiting.front());
        waiting.pop_front();
        session.reply(Reply{request.id, std::move(result)});
        return take();
    }
    void negotiate() {
        ask("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}");
    }

    std::deque<Request> waiting;
    Session session;
};

constexpr EventRow kRow{"STOP", std::chrono::milliseconds{0}};

}  // namespace

TEST_SUITE("qmp/session") {
    TEST_CASE("a session begins with the greeting on a line of its own (QMP spec §2.2)") {
        const Session session(version_info("test"), kTable, {});

        CHECK(session.output().starts_with("{\"QMP\": {\"version\": "));
        CHECK(session.output().ends_with("[\"oob\"]}}\r\n"));
    }

    TEST_CASE("before negotiation errors are answered at once and commands are not handed on") {
        Peer peer;

        CHECK(peer.ask("{\"execute\":\"slow\",\"id\":1}") ==
              "{\"id\": 1, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Expecting "
              "capabilities negotiation with 'qmp_capabilities'\"}}\r\n");
        CHECK(peer.ask("{\"execute\":}") ==
              "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, expecting "
              "value\"}}\r\n");
        CHECK(peer.waiting.empty());
    }

    TEST_CASE("a reply carries the id last, an error carries it first") {
        Peer peer;
        peer.negotiate();
        peer.ask("{\"execute\":\"slow\",\"id\":[1]}{\"execute\":\"slow\",\"id\":null}");

        CHECK(peer.answer("{}") == "{\"return\": {}, \"id\": [1]}\r\n");
        CHECK(peer.answer(fail("no")) ==
              "{\"id\": null, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n");
    }

    TEST_CASE("negotiation and the commands after it may come in one piece") {
        Peer peer;

        CHECK(peer.ask("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"slow\"}") ==
              "{\"return\": {}}\r\n");
        CHECK(peer.waiting.size() == 1);
    }

    TEST_CASE("a bad request keeps its place among the others") {
        Peer peer;
        peer.negotiate();

        CHECK(peer.ask("{\"execute\":\"slow\"}[{\"execute\":\"nonesuch\"}").empty());
        CHECK(peer.ask("]").empty());
        REQUIRE(peer.waiting.size() == 2);
        CHECK(peer.waiting[0].call.has_value());
        CHECK(peer.waiting[1].call.error().message == "QMP input must be a JSON object");
    }

    TEST_CASE("an out-of-band command overtakes those that wait (QMP spec §2.3.1) (Q08)") {
        Peer peer;
        peer.negotiate();

        CHECK(peer.ask("{\"execute\":\"slow\",\"id\":1}{\"exec-oob\":\"urgent\",\"id\":2}") ==
              "{\"return\": \"at once\", \"id\": 2}\r\n");
        CHECK(peer.ask("{\"exec-oob\":\"slow\",\"id\":3}") ==
              "{\"id\": 3, \"error\": {\"class\": \"GenericError\", \"desc\": \"The command slow "
              "does not support OOB\"}}\r\n");
        CHECK(peer.answer("{}") == "{\"return\": {}, \"id\": 1}\r\n");
    }

    TEST_CASE("eight requests may be under way, the ninth is not even read (Q08)") {
        Peer peer;
        peer.negotiate();
        std::string bytes;
        for (int number = 0; number < 9; ++number) {
            bytes += "{\"execute\":\"slow\"}";
        }

        const std::size_t taken = peer.session.receive(bytes);

        CHECK(taken == bytes.size() * 8 / 9);
        CHECK(peer.waiting.size() == Session::kInFlightMax);
        CHECK_FALSE(peer.session.may_receive());
        peer.answer("{}");
        CHECK(peer.session.receive(bytes.substr(taken)) == bytes.size() / 9);
    }

    TEST_CASE("a client that reads nothing is not read either, once a mebibyte waits (Q05)") {
        Peer peer;
        const std::string bad = "[]";
        std::size_t taken = bad.size();
        while (taken == bad.size()) {
            taken = peer.session.receive(bad);
        }

        CHECK(peer.session.output().size() >= Session::kOutputMax);
        CHECK(peer.session.output().size() < Session::kOutputMax + 200);
        peer.take();
        CHECK(peer.session.receive(bad) == bad.size());
    }

    TEST_CASE("events are for sessions that have negotiated") {
        Peer peer;
        const std::string line = event_line(Event{&kRow, "{\"a\": 1}", {}, 5, 6});

        CHECK(peer.session.send_event(line));
        CHECK(peer.take().empty());
        peer.negotiate();
        CHECK(peer.session.send_event(line));
        CHECK(peer.take() ==
              "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 6}, \"event\": "
              "\"STOP\", \"data\": {\"a\": 1}}\r\n");
    }

    TEST_CASE("an event without data has no data member (QMP spec §2.5)") {
        CHECK(event_line(Event{&kRow, {}, {}, 5, 6}) ==
              "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 6}, \"event\": \"STOP\"}\r\n");
    }

    TEST_CASE("events do not pile up beyond a mebibyte for a client that reads nothing") {
        Peer peer;
        peer.negotiate();
        const std::string line(Session::kOutputMax, 'x');

        CHECK(peer.session.send_event(line));
        CHECK_FALSE(peer.session.send_event("y"));
    }

    TEST_CASE("every way to cut the stream gives the same replies") {
        const std::string bytes =
            "{\"execute\":\"nonesuch\"}\xff{'execute':'qmp_capabilities','id':'a'}{]01 {}[\"\x01";
        Peer whole;
        Peer cut;
        std::string pieces;
        for (const char byte : bytes) {
            pieces += cut.ask({&byte, 1});
        }

        CHECK(whole.ask(bytes) == pieces);
        CHECK(whole.waiting.size() == cut.waiting.size());
    }

    TEST_CASE("the real table decodes and refuses arguments before anything is handed on") {
        Peer peer(command_table());
        peer.negotiate();
        peer.ask("{\"execute\":\"query-name\",\"arguments\":{\"a\":1}}{\"execute\":\"stop\"}");

        REQUIRE(peer.waiting.size() == 2);
        CHECK(peer.waiting[0].call.error().message == "Parameter 'a' is unexpected");
        REQUIRE(peer.waiting[1].call.has_value());
        CHECK(peer.waiting[1].call->command->name == "stop");
    }

    TEST_CASE("a pretty session indents the greeting, replies, errors and events as QEMU does") {
        Session session(version_info("test"), kTable, {}, {true, false});
        CHECK(session.output().starts_with("{\r\n    \"QMP\": {\r\n        \"version\": {\r\n"));
        CHECK(session.output().ends_with("\"oob\"\r\n        ]\r\n    }\r\n}\r\n"));
        session.sent(session.output().size());
        session.receive("{\"execute\":\"qmp_capabilities\",\"id\":1}");
        CHECK(session.output() == "{\r\n    \"return\": {\r\n    },\r\n    \"id\": 1\r\n}\r\n");
        session.sent(session.output().size());

        REQUIRE(session.send_event(event_line(Event{&kRow, {}, {}, 1, 2})));

        CHECK(session.output() ==
              "{\r\n    \"timestamp\": {\r\n        \"seconds\": 1,\r\n        "
              "\"microseconds\": 2\r\n    },\r\n    \"event\": \"STOP\"\r\n}\r\n");
    }

    TEST_CASE(
        "over a network a first byte that is neither white space nor '{' ends the session (Q13)") {
        for (const std::string_view bytes :
             {"POST / HTTP/1.1\r\n\r\n{\"execute\":\"qmp_capabilities\"}", "GET /", "[", "\"",
              " \r\n\t1", "\x16\x03\x01", "\xff\xfb"}) {
            Session session(version_info("test"), kTable, {}, {false, true});
            session.sent(session.output().size());

            session.receive(bytes);

            CHECK(session.is_over());
            CHECK_FALSE(session.may_receive());
            CHECK(session.output().empty());
        }
    }

    TEST_CASE("over a network objects pass, whatever white space and mistakes are around them") {
        int requests = 0;
        Session session(version_info("test"), kTable, {[&](const Request&) { ++requests; }, {}},
                        {false, true});

        session.receive(" \r\n{\"execute\":\"nope\"}\n{\"execute\":}\t{\"x\":@}");
        CHECK_FALSE(session.is_over());
        session.receive("{\"execute\":\"qmp_capabilities\"}");
        session.receive("once negotiated, garbage is an error and no more");

        CHECK_FALSE(session.is_over());
        CHECK(requests > 0);
    }

    TEST_CASE("a descriptor waits for the next command that takes one") {
        Peer peer;
        peer.negotiate();
        std::vector<Fd> two;
        two.emplace_back(::dup(0));
        two.emplace_back(::dup(0));
        const int first = two[0].get();
        peer.session.receive_descriptors(std::move(two));

        peer.ask("{\"execute\":\"slow\"}{\"execute\":\"taker\"}{\"execute\":\"taker\"}");

        REQUIRE(peer.waiting.size() == 3);
        CHECK_FALSE(peer.waiting[0].descriptor.valid());
        CHECK(peer.waiting[1].descriptor.get() == first);
        CHECK_FALSE(peer.waiting[2].descriptor.valid());
    }

    TEST_CASE("newer descriptors close the older ones that wait") {
        Peer peer;
        peer.negotiate();
        std::vector<Fd> older;
        older.emplace_back(::dup(0));
        const int number = older[0].get();
        std::vector<Fd> newer;
        newer.emplace_back(::dup(0));
        const int kept = newer[0].get();
        peer.session.receive_descriptors(std::move(older));

        peer.session.receive_descriptors(std::move(newer));

        CHECK(::fcntl(number, F_GETFD) == -1);
        peer.ask("{\"execute\":\"taker\"}");
        CHECK(peer.waiting.front().descriptor.get() == kept);
    }

    TEST_CASE(
        "a session of an observer hands on what observes, and errors for the rest, in order") {
        std::vector<Request> waiting;
        Session session(version_info("test"), kTable,
                        {[&](Request request) { waiting.push_back(std::move(request)); }, {}},
                        {.role = Role::Observe});
        session.receive("{\"execute\":\"qmp_capabilities\"}");

        session.receive("{\"execute\":\"taker\"}{\"execute\":\"slow\"}");

        REQUIRE(waiting.size() == 2);
        CHECK(waiting[0].call.error().message ==
              "The command taker is not allowed here: this monitor's role is observe");
        CHECK(waiting[1].call->command->name == "slow");
    }

    TEST_CASE("a message of the size that a session was given passes, one byte more does not") {
        constexpr std::size_t kSize = 4096;
        Session session(version_info("test"), kTable, {}, {.message_size_max = kSize});
        session.sent(session.output().size());
        const std::string opening = "{\"execute\":\"qmp_capabilities\",\"id\":\"";
        const std::string id(kSize - opening.size() - 2, 'x');

        session.receive(opening + 'x' + id + "\"}");
        CHECK(session.output().find("\"error\"") != std::string::npos);
        session.sent(session.output().size());
        session.receive(opening + id + "\"}");
        CHECK(session.output().find("\"return\": {}") != std::string::npos);
    }

    TEST_CASE("what a client has asked to be sent again does not end its session") {
        Peer peer;
        peer.negotiate();
        REQUIRE(peer.session.send_event(std::string(Session::kOutputMax, 'x')));

        peer.session.send_replay("again\r\n");

        CHECK(peer.take().ends_with("again\r\n"));
        CHECK_FALSE(peer.session.is_over());
    }

    TEST_CASE("an id of a mebibyte, or of a thousand levels, comes back as it was (Q15)") {
        const std::string text(siskin::qmp::kMessageSizeMax - 200, 'x');
        const std::string deep(1000, '[');
        for (const std::string& id : {concat('"', text, '"'), deep + std::string(1000, ']')}) {
            Peer peer;
            peer.negotiate();

            CHECK(peer.ask(concat("{\"execute\":\"slow\",\"id\":", id, '}')).empty());

            CHECK((peer.answer("{}") == concat("{\"return\": {}, \"id\": ", id, "}\r\n")));
        }
    }

    TEST_CASE("an observer's descriptors are closed as they come (Q09)") {
        Session session(version_info("test"), kTable, {}, {.role = Role::Observe});
        std::vector<Fd> passed;
        passed.emplace_back(::dup(0));
        const int number = passed[0].get();

        session.receive_descriptors(std::move(passed));

        CHECK(::fcntl(number, F_GETFD) == -1);
    }
}
