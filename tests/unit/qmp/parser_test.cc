// SPDX-License-Identifier: Apache-2.0
// Proves qmp/parser: simdjson's way and JsonReader's give the same.
#include "qmp/parser.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "qmp/json_reader.h"
#include "qmp/value_json.h"

using siskin::qmp::JsonReader;
using siskin::qmp::parse_json;
using siskin::qmp::to_json;

namespace {

std::string text_of(const siskin::Result<siskin::Value>& value) {
    return value ? to_json(*value) : value.error().message;
}

constexpr std::array<std::string_view, 24> kTexts{
    "{}",
    "[]",
    "[[],{}]",
    "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
    "[1,-1,0,-0]",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "[0.1,1e2,-0.0,1e308,5e-324]",
    "1e400",
    "\"\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80\"",
    "\"a\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xff\"",
    "{\"a\":1,\"a\":1}",
    "{\"a\":{\"b\":1,\"b\":1}}",
    "[1,]",
    "{\"a\" 1}",
    "nul",
    "true",
    "\"\x7f\"",
};

}  // namespace

TEST_SUITE("qmp/parser") {
    TEST_CASE("both ways of reading give the same value or the same error") {
        for (const std::string_view text : kTexts) {
            CAPTURE(text);
            CHECK(text_of(parse_json(text)) == text_of(JsonReader(text).read()));
        }
    }

    TEST_CASE("a duplicate key is an error at any depth (Q03)") {
        CHECK(text_of(parse_json("[{\"a\":{\"b\":1,\"b\":1}}]")) ==
              "JSON parse error, duplicate key");
    }

    TEST_CASE("escapes and single quotes are read") {
        CHECK(text_of(parse_json("{'a':\"\\u0041\"}")) == "{\"a\": \"A\"}");
    }

    TEST_CASE("members keep their order") {
        CHECK(text_of(parse_json("{\"z\":1,\"a\":2}")) == "{\"z\": 1, \"a\": 2}");
    }

    TEST_CASE("1024 levels are read") {
        const std::string text = std::string(1024, '[') + std::string(1024, ']');

        CHECK(text_of(parse_json(text)) == text);
    }

    TEST_CASE("a noncharacter is refused raw and escaped (Q03)") {
        CHECK(parse_json("[\"\xef\xbf\xbf\"]").error().message ==
              "JSON parse error, invalid UTF-8 sequence in string");
        CHECK(parse_json("[\"\\uFFFF\"]").error().message ==
              "JSON parse error, \\uFFFF is not a valid Unicode character");
        CHECK_FALSE(parse_json("[\"\\uFDD0\"]").has_value());
        CHECK_FALSE(parse_json("[\"\\uD83F\\uDFFF\"]").has_value());
        CHECK(parse_json("[\"\xef\xbf\xbd\"]").has_value());
        CHECK(parse_json("[\"\xf0\x9f\x98\x80\"]").has_value());
    }
}
