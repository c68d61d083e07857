// SPDX-License-Identifier: Apache-2.0
// Proves base/value.
#include "base/value.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

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

    TEST_CASE("a number up to INT64_MAX is an int whatever it was made from") {
        const Value value(std::uint64_t{std::numeric_limits<std::int64_t>::max()});

        REQUIRE(value.as_int() != nullptr);
        CHECK(value == Value(std::numeric_limits<std::int64_t>::max()));
        CHECK(value.as_uint() == nullptr);
        CHECK(Value(7) == Value(7U));
    }

    TEST_CASE("a value is of one kind and says which") {
        CHECK(Value().is_null());
        CHECK(Value().kind_name() == "null");
        CHECK(Value(true).kind_name() == "boolean");
        CHECK(Value(-1).kind_name() == "number");
        CHECK(Value(1.5).kind_name() == "number");
        CHECK(Value("a").kind_name() == "string");
        CHECK(Value(Value::List{}).kind_name() == "list");
        CHECK(Value(Value::Dict{}).kind_name() == "object");
        CHECK(Value(true).as_int() == nullptr);
        CHECK(Value("a").as_bool() == nullptr);
        CHECK(Value(1).as_string() == nullptr);
    }

    TEST_CASE("a text literal is a string, not a boolean") {
        REQUIRE(Value("a").as_string() != nullptr);
        CHECK(*Value("a").as_string() == "a");
    }

    TEST_CASE("equal means the same kind and content, members in the same order") {
        const Value left(Value::Dict{{"a", 1}, {"b", Value::List{"x", Value()}}});
        const Value same(Value::Dict{{"a", 1}, {"b", Value::List{"x", Value()}}});
        const Value turned(Value::Dict{{"b", Value::List{"x", Value()}}, {"a", 1}});

        CHECK(left == same);
        CHECK_FALSE(left == turned);
        CHECK_FALSE(Value(1) == Value(1.0));
        CHECK_FALSE(Value(0) == Value(false));
    }

    TEST_CASE("several members go at once, and the others keep their order and are found") {
        for (const int count : {5, 5000}) {
            Value::Dict dict;
            for (int number = 0; number < count; ++number) {
                dict.insert(std::to_string(number), number);
            }
            const std::vector<std::string_view> gone{"3", "0", "none"};

            CHECK(dict.erase(gone));

            CHECK(dict.size() == static_cast<std::size_t>(count) - 2);
            CHECK(dict.begin()->first == "1");
            CHECK(dict.find("3") == nullptr);
            REQUIRE(dict.find("4") != nullptr);
            CHECK(*dict.find("4") == Value(4));
            CHECK_FALSE(dict.erase(gone));
            CHECK(dict.insert("3", "again"));
        }
    }

    TEST_CASE("a member that is added in place is null until it becomes something") {
        Value::Dict dict;
        Value* const added = dict.add("name");
        REQUIRE(added != nullptr);
        CHECK(added->is_null());

        added->emplace(std::string_view("content"));

        CHECK(dict.text("name") == "content");
        CHECK(dict.add("name") == nullptr);
        CHECK(dict.text("name") == "content");
    }

    TEST_CASE("a dict keeps the order of insertion and replaces in place") {
        Value::Dict dict{{"b", 1}, {"a", 2}};

        dict.set("b", 3);
        dict.set("c", 4);

        std::string order;
        for (const auto& [name, value] : dict) {
            order += name;
        }
        CHECK(order == "bac");
        CHECK(*dict.find("b") == Value(3));
    }

    TEST_CASE("erasing what is not there changes nothing") {
        Value::Dict dict{{"a", 1}};

        CHECK_FALSE(dict.erase("b"));
        CHECK(dict.erase("a"));
        CHECK(dict.empty());
        CHECK_FALSE(dict.erase("a"));
    }

    TEST_CASE("a dict finds every member at the size where it begins to index them") {
        for (int count = 15; count <= 18; ++count) {
            Value::Dict dict;
            for (int number = 0; number < count; ++number) {
                REQUIRE(dict.insert(std::to_string(number), number));
            }
            for (int number = 0; number < count; ++number) {
                REQUIRE(dict.find(std::to_string(number)) != nullptr);
                CHECK(*dict.find(std::to_string(number)) == Value(number));
                CHECK_FALSE(dict.insert(std::to_string(number), 0));
            }
            CHECK(dict.find(std::to_string(count)) == nullptr);
        }
    }

    TEST_CASE("a dict that shrinks below the index and grows again finds every member") {
        Value::Dict dict;
        for (int number = 0; number < 17; ++number) {
            dict.insert(std::to_string(number), number);
        }
        REQUIRE(dict.erase("0"));
        REQUIRE(dict.erase("1"));

        dict.set("new", 1);
        dict.set("newer", 2);
        dict.set("newest", 3);

        CHECK(*dict.find("16") == Value(16));
        CHECK(*dict.find("newest") == Value(3));
        CHECK(dict.find("0") == nullptr);
        CHECK(dict.size() == 18);
    }

    TEST_CASE("a copy is apart from its original") {
        Value original(Value::Dict{{"list", Value::List{1, 2}}});
        const Value copy = original;

        original.as_dict()->find("list")->as_list()->push_back(3);

        CHECK(copy.as_dict()->find("list")->as_list()->size() == 2);
    }

    TEST_CASE("the text of a member is empty where there is none or it is no string") {
        const Value::Dict dict{{"name", "disk0"}, {"size", 7}};

        CHECK(dict.text("name") == "disk0");
        CHECK(dict.text("size").empty());
        CHECK(dict.text("nope").empty());
    }
}
