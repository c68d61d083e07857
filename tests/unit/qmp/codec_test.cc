// SPDX-License-Identifier: Apache-2.0
// Proves qmp/codec and qmp/box: what the generated decoders and encoders are made of.
#include "qmp/codec.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using siskin::Result;
using siskin::Value;
using siskin::qmp::Box;
using siskin::qmp::decode;
using siskin::qmp::decode_name;
using siskin::qmp::JsonWriter;
using siskin::qmp::ObjectDecoder;
using siskin::qmp::Path;
using siskin::qmp::RefusedName;

namespace {

const Path kWhole;

template <typename T>
std::string decoded(Value value) {
    T out{};
    const Path path(kWhole, "x");
    const auto done = decode(value, path, out);
    return done ? "ok" : done.error().message;
}

struct Point {
    std::int64_t across = 0;
    std::optional<std::string> label{};
    Box<Point> next{};
};

}  // namespace

namespace siskin::qmp {

Result<> decode(Value& value, const Path& path, Point& out) {
    auto object = SISKIN_TRY(ObjectDecoder::open(value, path));
    SISKIN_TRY(object.required("across", out.across));
    SISKIN_TRY(object.optional("label", out.label));
    SISKIN_TRY(object.optional("next", out.next));
    return object.finish();
}

}  // namespace siskin::qmp

TEST_SUITE("qmp/codec") {
    TEST_CASE("builtin types take their own kind only") {
        CHECK(decoded<bool>(true) == "ok");
        CHECK(decoded<bool>(1) == "Invalid parameter type for 'x', expected: boolean");
        CHECK(decoded<std::string>("a") == "ok");
        CHECK(decoded<std::string>(1) == "Invalid parameter type for 'x', expected: string");
        CHECK(decoded<std::int64_t>(-5) == "ok");
        CHECK(decoded<std::int64_t>(1.5) == "Invalid parameter type for 'x', expected: integer");
        CHECK(decoded<std::int64_t>(std::uint64_t{1} << 63U) ==
              "Invalid parameter type for 'x', expected: integer");
        CHECK(decoded<double>(5) == "ok");
        CHECK(decoded<double>("5") == "Invalid parameter type for 'x', expected: number");
        CHECK(decoded<Value::Null>(Value()) == "ok");
        CHECK(decoded<Value::Null>(0) == "Invalid parameter type for 'x', expected: null");
    }

    TEST_CASE("what nobody took is the rest, and then nothing is left to refuse") {
        Value value(Value::Dict{{"a", 1}, {"b", "two"}, {"c", true}});
        const Path whole;
        auto object = ObjectDecoder::open(value, whole);
        REQUIRE(object.has_value());
        std::int64_t first = 0;
        REQUIRE(object->required("a", first).has_value());
        CHECK_FALSE(object->finish().has_value());

        Value::Dict rest;
        object->rest(rest);

        CHECK(rest == Value::Dict{{"b", "two"}, {"c", true}});
        CHECK(object->finish().has_value());
    }

    TEST_CASE("taking a long rest costs no square") {
        // Half a million names, each looked for among all before it, would take many minutes.
        constexpr int kMembers = 500'000;
        Value::Dict dict;
        dict.reserve(kMembers);
        for (int number = 0; number < kMembers; ++number) {
            dict.insert(std::to_string(number), number);
        }
        Value value(std::move(dict));
        const Path whole;
        auto object = ObjectDecoder::open(value, whole);
        REQUIRE(object.has_value());

        Value::Dict rest;
        object->rest(rest);

        CHECK(rest.size() == kMembers);
        CHECK(object->finish().has_value());
    }

    TEST_CASE("narrow numbers take what fits") {
        CHECK(decoded<std::uint8_t>(255) == "ok");
        CHECK(decoded<std::uint8_t>(256) == "Parameter 'x' expects uint8_t");
        CHECK(decoded<std::uint8_t>(-1) == "Parameter 'x' expects uint8_t");
        CHECK(decoded<std::int16_t>(-32768) == "ok");
        CHECK(decoded<std::int16_t>(32768) == "Parameter 'x' expects int16_t");
        CHECK(decoded<std::uint64_t>(~std::uint64_t{0}) == "ok");
        CHECK(decoded<std::uint64_t>(-1) == "Parameter 'x' expects uint64");
    }

    TEST_CASE("of an option of the command line, texts are switches and numbers, too") {
        const Path whole = Path::of_text();
        const Path path(whole, "x");
        const auto take = [&path](Value value, auto& out) { return decode(value, path, out); };
        bool on = false;
        CHECK(take("on", on).has_value());
        CHECK(on);
        CHECK(take("yes", on).error().message == "Parameter 'x' expects 'on' or 'off'");
        std::uint64_t size = 0;
        CHECK(take("4k", size).has_value());
        CHECK(size == 4096);
        CHECK(take("4x", size).error().message.starts_with("Parameter 'x' expects a size"));
        std::uint32_t number = 0;
        CHECK(take("17", number).has_value());
        CHECK(number == 17);
        CHECK(take("-1", number).error().message == "Parameter 'x' expects a number");
        CHECK(decoded<bool>("on") == "Invalid parameter type for 'x', expected: boolean");
    }

    TEST_CASE("a name that is refused for a reason is told that") {
        static constexpr std::array<std::string_view, 1> kNames{"good"};
        static constexpr std::array<RefusedName, 1> kRefused{{{"old", "good does the same"}}};
        const Path path(kWhole, "x");

        CHECK(*decode_name("good", path, kNames, kRefused) == 0);
        CHECK(decode_name("old", path, kNames, kRefused).error().message ==
              "Parameter 'x' does not accept value 'old': good does the same");
        CHECK(decode_name("bad", path, kNames, kRefused).error().message ==
              "Parameter 'x' does not accept value 'bad'");
    }

    TEST_CASE("an error names the way to the element") {
        CHECK(decoded<std::vector<std::string>>(Value::List{"a", 1}) ==
              "Invalid parameter type for 'x[1]', expected: string");
        CHECK(decoded<std::vector<std::string>>("a") ==
              "Invalid parameter type for 'x', expected: array");
        CHECK(decoded<std::vector<Point>>(
                  Value::List{Value::Dict{{"across", 1}, {"next", Value::Dict{}}}}) ==
              "Parameter 'x[0].next.across' is missing");
    }

    TEST_CASE("an object's members are missing, mistyped or unexpected by name") {
        CHECK(decoded<Point>(Value::Dict{{"across", 1}}) == "ok");
        CHECK(decoded<Point>(Value::Dict{}) == "Parameter 'x.across' is missing");
        CHECK(decoded<Point>(Value::Dict{{"across", 1}, {"up", 2}}) ==
              "Parameter 'x.up' is unexpected");
        CHECK(decoded<Point>(Value::Dict{{"across", 1}, {"", 2}}) ==
              "Parameter 'x.' is unexpected");
        CHECK(decoded<Point>(Value::Dict{{"across", 1}, {"label", Value()}}) ==
              "Invalid parameter type for 'x.label', expected: string");
        CHECK(decoded<Point>(7) == "Invalid parameter type for 'x', expected: object");
    }

    TEST_CASE("absent optional members are not written") {
        JsonWriter out;
        out.begin_object();
        write_member(out, "a", std::optional<std::int64_t>());
        write_member(out, "b", std::optional<std::int64_t>(2));
        write_member(out, "c", std::vector<std::string>{"x"});
        out.end_object();

        CHECK(out.take() == "{\"b\": 2, \"c\": [\"x\"]}");
    }

    TEST_CASE("a copy of a box is a copy of what is inside") {
        Box<int> original(1);
        const Box<int> copy = original;
        *original = 2;

        CHECK(*copy == 1);
        CHECK_FALSE(Box<int>());
    }
}
