// SPDX-License-Identifier: Apache-2.0
// Proves qmp/pretty_json. The expected texts are what QEMU 7.2 sends with -qmp-pretty.
#include "qmp/pretty_json.h"

#include <doctest/doctest.h>

using siskin::qmp::pretty_json;

TEST_SUITE("qmp/pretty_json") {
    TEST_CASE("members and elements have a line each, four spaces a level") {
        CHECK(pretty_json("{\"return\": {\"a\": false, \"b\": [1, {\"c\": 2}]}}") ==
              "{\r\n    \"return\": {\r\n        \"a\": false,\r\n        \"b\": [\r\n"
              "            1,\r\n            {\r\n                \"c\": 2\r\n            }\r\n"
              "        ]\r\n    }\r\n}");
    }

    TEST_CASE("what holds nothing takes two lines") {
        CHECK(pretty_json("{\"return\": {}}") == "{\r\n    \"return\": {\r\n    }\r\n}");
        CHECK(pretty_json("[]") == "[\r\n]");
        CHECK(pretty_json("[[], {}]") == "[\r\n    [\r\n    ],\r\n    {\r\n    }\r\n]");
    }

    TEST_CASE("a text that would grow without measure is not indented (Q05)") {
        std::string many = "1";
        for (int number = 0; number < 10000; ++number) {
            many += ", 1";
        }
        const std::string flat = "[" + many + "]";
        const std::string deep = std::string(1000, '[') + many + std::string(1000, ']');

        CHECK(pretty_json(flat).size() > flat.size());
        CHECK((pretty_json(deep) == deep));  // too long to be shown
    }

    TEST_CASE("strings stay as they are") {
        CHECK(pretty_json("{\"a{,:\": \"}] \\\"[ \\\\\"}\r\n") ==
              "{\r\n    \"a{,:\": \"}] \\\"[ \\\\\"\r\n}");
    }
}
