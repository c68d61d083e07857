// SPDX-License-Identifier: Apache-2.0
// Proves qmp/value_json.
#include "qmp/value_json.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using siskin::Value;
using siskin::qmp::JsonWriter;
using siskin::qmp::to_json;

TEST_SUITE("qmp/value_json") {
    TEST_CASE("a value is one line with a space after each comma and colon") {
        const Value value(Value::Dict{{"a", Value::List{1, true, Value()}}, {"b", Value::Dict()}});

        CHECK(to_json(value) == "{\"a\": [1, true, null], \"b\": {}}");
    }

    TEST_CASE("output is ASCII, with surrogate pairs and upper-case digits") {
        CHECK(to_json("\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80") ==
              "\"\\u00E9\\u2603\\uD83D\\uDE00\"");
        CHECK(to_json("\x01\x1f\x7f") == "\"\\u0001\\u001F\\u007F\"");
        CHECK(to_json("\"\\/\b\f\n\r\t") == "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
    }

    TEST_CASE("bytes that are no UTF-8 become U+FFFD (Q03)") {
        CHECK(to_json("a\xff") == "\"a\\uFFFD\"");
        CHECK(to_json("\xe2\x98") == "\"\\uFFFD\"");
    }

    TEST_CASE("numbers keep their value") {
        CHECK(to_json(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
        CHECK(to_json(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
        CHECK(to_json(0.1) == "0.10000000000000001");
        CHECK(to_json(100.0) == "100");
        CHECK(to_json(1e17) == "1e+17");
    }

    TEST_CASE("a number JSON has no word for becomes null") {
        CHECK(to_json(std::numeric_limits<double>::infinity()) == "null");
    }

    TEST_CASE("text made elsewhere is put in as it is") {
        JsonWriter out;
        out.begin_list();
        out.text("{}");
        out.text("[1]");
        out.end_list();

        CHECK(out.take() == "[{}, [1]]");
    }
}
