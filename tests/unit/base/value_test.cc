// SPDX-License-Identifier: Apache-2.0
// Proves base/value.
#include "base/value.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using siskin::Value;

TEST_SUITE("base/value") {
    TEST_CASE("an unsigned number above INT64_MAX keeps its value") {
        const Value value(std::numeric_limits<std::uint64_t>::max());

        REQUIRE(value.as_uint() != nullptr);
        CHECK(*value.as_uint() == std::numeric_limits<std::uint64_t>::max());
        CHECK(value.as_int() == nullptr);
    }

    TEST_CASE("a dict refuses a second member of the same name") {
        Value::Dict dict{{"a", 1}};

        CHECK_FALSE(dict.insert("a", 2));
        CHECK(*dict.find("a") == Value(1));
    }

    TEST_CASE("a dict of thousands of members finds and erases each one") {
        Value::Dict dict;
        for (int number = 0; number < 5000; ++number) {
            dict.insert(std::to_string(number), number);
        }

        CHECK_FALSE(dict.insert("4999", 0));
        CHECK(*dict.find("4999") == Value(4999));
        CHECK(dict.erase("17"));
        CHECK(dict.find("17") == nullptr);
        CHECK(*dict.find("4999") == Value(4999));
        CHECK(dict.size() == 4999);
    }
}
