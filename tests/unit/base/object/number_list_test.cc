// SPDX-License-Identifier: Apache-2.0
// Proves base/object/number_list.
#include "base/object/number_list.h"

#include <doctest/doctest.h>

namespace siskin {
namespace {

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_SUITE("base/object/number_list") {
    TEST_CASE("numbers and ranges, alone or in a list, are sorted and each is there once") {
        CHECK(parse_number_list(Value("7"), 9) == Numbers{7});
        CHECK(parse_number_list(Value(7), 9) == Numbers{7});
        CHECK(parse_number_list(Value("2-4"), 9) == Numbers{2, 3, 4});
        CHECK(parse_number_list(Value(Value::List{"5", "2-4", 3}), 9) == Numbers{2, 3, 4, 5});
        CHECK(parse_number_list(Value(Value::List{}), 9) == Numbers{});
        CHECK(parse_number_list(Value("9-9"), 9) == Numbers{9});
    }

    TEST_CASE("what is above the last number, goes backwards or is no number is nothing") {
        for (const Value& value :
             {Value("10"), Value("0-10"), Value("4-2"), Value("-1"), Value(-1), Value("1-"),
              Value(""), Value("x"), Value(true), Value("1-2-3"), Value(Value::List{"1", "x"})}) {
            CHECK_FALSE(parse_number_list(value, 9).has_value());
        }
    }
}

}  // namespace siskin
