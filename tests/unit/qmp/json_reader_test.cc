// SPDX-License-Identifier: Apache-2.0
// Proves qmp/json_reader.
#include "qmp/json_reader.h"

#include <doctest/doctest.h>

#include <string>

#include "qmp/value_json.h"

using siskin::qmp::JsonReader;
using siskin::qmp::to_json;

namespace {

std::string read(std::string_view text) {
    const auto value = JsonReader(text).read();
    return value ? to_json(*value) : value.error().message;
}

}  // namespace

TEST_SUITE("qmp/json_reader") {
    TEST_CASE("what RFC 8259 allows is read") {
        CHECK(read("{}") == "{}");
        CHECK(read(" [ ] ") == "[]");
        CHECK(read("[1,-2,3.5,true,false,null]") == "[1, -2, 3.5, true, false, null]");
        CHECK(read("{\"a\":{\"b\":[{}]}}") == "{\"a\": {\"b\": [{}]}}");
        CHECK(read("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") == "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
        CHECK(read("\"\\u00e9\\ud83d\\ude00\"") == "\"\\u00E9\\uD83D\\uDE00\"");
        CHECK(read("0e1") == "0");
    }

    TEST_CASE("QEMU's extensions are read") {
        CHECK(read("{'a':'b\"c'}") == "{\"a\": \"b\\\"c\"}");
        CHECK(read("\"\\'\"") == "\"'\"");
        CHECK(read("\"a\xc0\x80z\"") == "\"a\\u0000z\"");
        CHECK(read("\"\\u0000\"") == "\"\\u0000\"");
    }

    TEST_CASE("whole numbers keep their value up to 64 bits and become doubles beyond") {
        CHECK(read("-9223372036854775808") == "-9223372036854775808");
        CHECK(read("18446744073709551615") == "18446744073709551615");
        CHECK(read("18446744073709551616") == "1.8446744073709552e+19");
        CHECK(read("-9223372036854775809") == "-9.2233720368547758e+18");
        CHECK(read("-0") == "0");
        CHECK(read("-0.0") == "-0");
        CHECK(read("1e-400") == "0");
    }

    TEST_CASE("a number that no double holds is an error") {
        CHECK(read("1e400") == "JSON parse error, number '1e400' is out of range");
    }

    TEST_CASE("structural errors are told in QEMU's words") {
        CHECK(read("") == "JSON parse error, expecting value");
        CHECK(read("}") == "JSON parse error, expecting value");
        CHECK(read("[1,]") == "JSON parse error, expecting value");
        CHECK(read("[,]") == "JSON parse error, expecting value");
        CHECK(read("{,}") == "JSON parse error, expecting value");
        CHECK(read("{]") == "JSON parse error, expecting value");
        CHECK(read("{\"a\":}") == "JSON parse error, expecting value");
        CHECK(read("{\"a\":1,}") == "JSON parse error, expecting value");
        CHECK(read("{\"a\"::1}") == "JSON parse error, expecting value");
        CHECK(read("{\"a\"}") == "JSON parse error, missing : in object pair");
        CHECK(read("{\"a\",1}") == "JSON parse error, missing : in object pair");
        CHECK(read("{1:2}") == "JSON parse error, key is not a string in object");
        CHECK(read("{true:2}") == "JSON parse error, key is not a string in object");
        CHECK(read("{[1]:2}") == "JSON parse error, key is not a string in object");
        CHECK(read("[1 2]") == "JSON parse error, expected separator in list");
        CHECK(read("[true1]") == "JSON parse error, expected separator in list");
        CHECK(read("{\"a\":1 \"b\":2}") == "JSON parse error, expected separator in dict");
        CHECK(read("[tru]") == "JSON parse error, invalid keyword 'tru'");
        CHECK(read("{foo}") == "JSON parse error, invalid keyword 'foo'");
        CHECK(read("{\"a\":1,\"a\":2}") == "JSON parse error, duplicate key");
    }

    TEST_CASE("errors in strings are told in QEMU's words") {
        CHECK(read("\"\\q\"") == "JSON parse error, invalid escape sequence in string");
        CHECK(read("\"\\ud83d\"") == "JSON parse error, \\ud83d is not a valid Unicode character");
        CHECK(read("\"\\ud83dx\"") == "JSON parse error, \\ud83d is not a valid Unicode character");
        CHECK(read("\"\\udc00\"") == "JSON parse error, \\udc00 is not a valid Unicode character");
        CHECK(read("\"\\ud83d\\u0041\"") ==
              "JSON parse error, \\ud83d is not a valid Unicode character");
        CHECK(read("\"\\u12\"") == "JSON parse error, \\u12\" is not a valid Unicode character");
        CHECK(read("\"\xc2\"") == "JSON parse error, invalid UTF-8 sequence in string");
        CHECK(read("\"\xe0\x80\x80\"") == "JSON parse error, invalid UTF-8 sequence in string");
        CHECK(read("\"\xed\xa0\x80\"") == "JSON parse error, invalid UTF-8 sequence in string");
        CHECK(read("\"\xf4\x90\x80\x80\"") == "JSON parse error, invalid UTF-8 sequence in string");
    }

    TEST_CASE("what the framer never lets through is an error, too") {
        CHECK(read("\"abc") == "JSON parse error, string without an end");
        CHECK(read("\"a\tb\"") == "JSON parse error, control character in string");
        CHECK(read("\"\\") == "JSON parse error, invalid escape sequence in string");
        CHECK(read("1.") == "JSON parse error, stray '1.'");
        CHECK(read("01") == "JSON parse error, expecting value");
        CHECK(read("{} {}") == "JSON parse error, expecting value");
    }

    TEST_CASE("twenty thousand levels cost no stack while reading (Q02)") {
        const std::string open(20000, '[');

        CHECK(read(open) == "JSON parse error, expecting value");
    }

    TEST_CASE("an object of ten thousand members is read in the blink of an eye") {
        std::string text = "{";
        for (int number = 0; number < 10000; ++number) {
            text += '"' + std::to_string(number) + "\":1,";
        }

        CHECK(read(text + "\"0\":2}") == "JSON parse error, duplicate key");
        CHECK(read(text + "\"z\":2}").size() > 100000);
    }
}
