// SPDX-License-Identifier: Apache-2.0
// Proves the C++ that tools/qapi_gen makes of tests/schema/good/everything.json.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "qmp/generated/commands.h"
#include "qmp/generated/events.h"
#include "qmp/parser.h"

using siskin::Result;
using siskin::Value;
using siskin::qmp::command_table;
using siskin::qmp::CommandRow;
using siskin::qmp::Event;
using siskin::qmp::event_table;
using siskin::qmp::EventSink;
using siskin::qmp::Handlers;
using siskin::qmp::JsonText;
using siskin::qmp::JsonWriter;
using siskin::qmp::Later;
using siskin::qmp::LingerArguments;
using siskin::qmp::Node;
using siskin::qmp::NodeGetArguments;
using siskin::qmp::parse_json;
using siskin::qmp::Role;
using siskin::qmp::Shade;
using siskin::qmp::Shape;

namespace {

// Hands back what it was given.
class Echo final : public siskin::qmp::ShapesCommands,
                   public siskin::qmp::EmergencyCommands,
                   public siskin::qmp::SessionThingsCommands,
                   public siskin::qmp::TakersCommands,
                   public siskin::qmp::LingerersCommands {
public:
    Result<> shape_add(const Shape& arguments) override {
        shape = arguments;
        return {};
    }
    Result<std::vector<Shape>> node_get(const NodeGetArguments& arguments) override {
        Shape out;
        out.shade = Shade::N486;
        out.as_486.emplace().ref.emplace() = arguments.ref;
        return std::vector{out};
    }
    Result<std::int64_t> count() override { return 7; }
    Result<JsonText> raw() override { return JsonText{"[true]"}; }
    Result<> urgent() override { return siskin::fail("not now"); }
    Result<> subscribe() override { return {}; }
    Result<> take() override { return {}; }
    void linger(const LingerArguments& arguments, Later later) override {
        lingering = arguments;
        later.finish(siskin::fail("enough"));
    }

    Shape shape;
    LingerArguments lingering;
};

// The return of a command, or the message of its error.
std::string run(std::size_t row, std::string_view arguments, Echo& echo) {
    const Handlers handlers{echo, echo, echo, echo, echo};
    const auto call = command_table()[row].decode(*parse_json(arguments));
    if (!call) {
        return call.error().message;
    }
    const auto result = call->run(handlers);
    return result ? *result : result.error().message;
}

std::string run(std::size_t row, std::string_view arguments) {
    Echo echo;
    return run(row, arguments, echo);
}

constexpr std::size_t kShapeAdd = 0;
constexpr std::size_t kNodeGet = 1;
constexpr std::size_t kCount = 2;
constexpr std::size_t kRaw = 3;
constexpr std::size_t kUrgent = 4;
constexpr std::size_t kSubscribe = 5;
constexpr std::size_t kTake = 6;
constexpr std::size_t kLinger = 7;
constexpr std::string_view kLeaf =
    R"({"shade":"dark","class":"c","flag":true,"small":255,"large":18446744073709551615,)"
    R"("real":1.5,"any-thing":[null],"nothing":null,"list":[1,2]})";

class Collector final : public EventSink {
public:
    void emit(Event event) override { events.push_back(std::move(event)); }
    std::vector<Event> events;
};

}  // namespace

TEST_SUITE("tools/qapi_gen/code") {
    TEST_CASE("the table has a row a command, with its name and its flags") {
        REQUIRE(command_table().size() == 8);
        CHECK(command_table()[kShapeAdd].name == "shape-add");
        CHECK_FALSE(command_table()[kShapeAdd].allow_oob);
        CHECK(command_table()[kUrgent].allow_oob);
        CHECK(command_table()[kUrgent].role == Role::Operate);
        CHECK_FALSE(command_table()[kUrgent].in_session);
        CHECK(command_table()[kSubscribe].role == Role::Observe);
        CHECK(command_table()[kSubscribe].in_session);
        CHECK_FALSE(command_table()[kSubscribe].takes_descriptor);
        CHECK(command_table()[kTake].takes_descriptor);
        CHECK(command_table()[kTake].role == Role::Operate);
    }

    TEST_CASE("a command that may wait is handed its answer; a struct may have further members") {
        Echo echo;
        const Handlers handlers{echo, echo, echo, echo, echo};
        const auto call =
            command_table()[kLinger].decode(*parse_json(R"({"all":[{"name":"n","more":1}]})"));
        REQUIRE(call.has_value());
        CHECK_FALSE(call->run);

        std::string answer;
        call->run_later(
            handlers,
            Later(std::make_shared<Later::Desk>(Later::Desk{[&](const Result<std::string>& told) {
                answer = told ? *told : told.error().message;
            }})));

        CHECK(answer == "enough");
        REQUIRE(echo.lingering.all.has_value());
        CHECK(echo.lingering.all->front().name == "n");
        CHECK(echo.lingering.all->front().further.find("more") != nullptr);
    }

    TEST_CASE("a union is decoded by its discriminator") {
        Echo echo;

        CHECK(run(kShapeAdd, kLeaf, echo) == "{}");
        REQUIRE(echo.shape.as_dark.has_value());
        CHECK_FALSE(echo.shape.as_486.has_value());
        CHECK(echo.shape.as_dark->class_ == "c");
        CHECK(echo.shape.as_dark->small == 255);
        CHECK(echo.shape.as_dark->list->at(1) == 2);
        CHECK(echo.shape.given == *parse_json(kLeaf)->as_dict());
        CHECK(run(kShapeAdd, R"({"shade":"x86_64","id":"i"})") == "{}");
    }

    TEST_CASE("members of another branch are unexpected") {
        CHECK(run(kShapeAdd, R"({"shade":"486","flag":true})") == "Parameter 'flag' is unexpected");
        CHECK(run(kShapeAdd, R"({"shade":"dark","class":"c"})") == "Parameter 'flag' is missing");
        CHECK(run(kShapeAdd, R"({"shade":"bright"})") ==
              "Parameter 'shade' does not accept value 'bright'");
        CHECK(run(kShapeAdd, R"({"shade":"grey"})") ==
              "Parameter 'shade' does not accept value 'grey': dark is as good");
        CHECK(run(kShapeAdd, "{}") == "Parameter 'shade' is missing");
    }

    TEST_CASE("an alternate takes each of its kinds and names itself for any other") {
        CHECK(run(kNodeGet, R"({"ref":"n"})") == R"([{"shade": "486", "ref": "n"}])");
        CHECK(run(kNodeGet, R"({"ref":5})") == R"([{"shade": "486", "ref": 5}])");
        CHECK(run(kNodeGet, R"({"ref":["a"]})") == R"([{"shade": "486", "ref": ["a"]}])");
        CHECK(run(kNodeGet, R"({"ref":null})") == R"([{"shade": "486", "ref": null}])");
        CHECK(run(kNodeGet, R"({"ref":true})") ==
              "Invalid parameter type for 'ref', expected: Ref");
    }

    TEST_CASE("types that contain themselves survive both ways") {
        constexpr std::string_view kNested =
            R"({"next": {"children": [{}, {"ref": {"next": {}}}]}})";

        CHECK(run(kNodeGet, R"({"ref":)" + std::string(kNested) + '}') ==
              R"([{"shade": "486", "ref": )" + std::string(kNested) + "}]");
        CHECK(run(kNodeGet, R"({"ref":{"next":{"children":[{},{"next":1}]}}})") ==
              "Invalid parameter type for 'ref.next.children[1].next', expected: object");
    }

    TEST_CASE("a struct comes out as it went in") {
        Echo echo;
        run(kShapeAdd, kLeaf, echo);
        JsonWriter out;
        write_json(out, echo.shape);

        CHECK(*parse_json(out.take()) == *parse_json(kLeaf));
    }

    TEST_CASE("a command without arguments refuses any") {
        CHECK(run(kCount, "{}") == "7");
        CHECK(run(kCount, R"({"a":1})") == "Parameter 'a' is unexpected");
    }

    TEST_CASE("text that a handler made is passed on, an error too") {
        CHECK(run(kRaw, "{}") == "[true]");
        CHECK(run(kUrgent, "{}") == "not now");
    }

    TEST_CASE("an event carries its data, its limit and its key") {
        Collector sink;
        siskin::qmp::events::shape_lost(sink, "s1", std::nullopt, Node{});
        siskin::qmp::events::quiet(sink);

        REQUIRE(sink.events.size() == 2);
        CHECK(sink.events[0].data == R"({"id": "s1", "node": {}})");
        CHECK(sink.events[0].key == "s1");
        CHECK(sink.events[0].info->interval == std::chrono::milliseconds{1000});
        CHECK(sink.events[1].info->interval == std::chrono::milliseconds{0});
        CHECK(event_table().size() == 3);
    }

    TEST_CASE("an event of our own is for those that asked, one of QEMU's for everybody") {
        CHECK(event_table()[2].name == "X_SISKIN_OWN");
        CHECK(event_table()[2].on_request);
        CHECK_FALSE(event_table()[0].on_request);
    }
}
