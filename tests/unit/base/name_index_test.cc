// SPDX-License-Identifier: Apache-2.0
// Proves base/name_index.
#include "base/name_index.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using siskin::NameIndex;

namespace {

struct Names {
    std::size_t add(const std::string& name) {
        const std::size_t other = index.add(
            name, all.size(), [&](std::size_t position) { return all[position] == name; });
        if (other == NameIndex::kNone) {
            all.push_back(name);
        }
        return other;
    }
    [[nodiscard]] std::size_t find(const std::string& name) const {
        return index.find(name, [&](std::size_t position) { return all[position] == name; });
    }

    NameIndex index;
    std::vector<std::string> all;
};

}  // namespace

TEST_SUITE("base/name_index") {
    TEST_CASE("an empty index finds nothing") {
        CHECK(Names().find("a") == NameIndex::kNone);
        CHECK(Names().find("") == NameIndex::kNone);
    }

    TEST_CASE("every name is found at its position while the table grows") {
        Names names;
        for (std::size_t number = 0; number < 1000; ++number) {
            REQUIRE(names.add(std::to_string(number)) == NameIndex::kNone);
            REQUIRE(names.find(std::to_string(number)) == number);
            REQUIRE(names.find(std::to_string(number + 1)) == NameIndex::kNone);
        }
        for (std::size_t number = 0; number < 1000; ++number) {
            CHECK(names.find(std::to_string(number)) == number);
        }
    }

    TEST_CASE("a name that is there already is not added again, and its position is told") {
        Names names;
        REQUIRE(names.add("a") == NameIndex::kNone);
        REQUIRE(names.add("b") == NameIndex::kNone);

        CHECK(names.add("b") == 1);
        CHECK(names.find("a") == 0);
    }

    TEST_CASE("names that go are not found; the others are, where they moved to") {
        Names names;
        for (std::size_t number = 0; number < 1000; ++number) {
            REQUIRE(names.add(std::to_string(number)) == NameIndex::kNone);
        }
        const std::vector<std::size_t> gone{0, 1, 500, 999};

        names.index.erase(gone);

        for (const std::size_t position :
             {std::size_t{999}, std::size_t{500}, std::size_t{1}, std::size_t{0}}) {
            names.all.erase(names.all.begin() + static_cast<std::ptrdiff_t>(position));
        }
        for (std::size_t position = 0; position < names.all.size(); ++position) {
            CHECK(names.find(names.all[position]) == position);
        }
        CHECK(names.find("0") == NameIndex::kNone);
        CHECK(names.find("500") == NameIndex::kNone);
        CHECK(names.add("500") == NameIndex::kNone);
        CHECK(names.find("500") == 996);
    }

    TEST_CASE("names that come and go, thousands of times, leave the table as it was") {
        Names names;
        REQUIRE(names.add("stays") == NameIndex::kNone);
        const std::vector<std::size_t> second{1};
        for (int round = 0; round < 10'000; ++round) {
            REQUIRE(names.add(std::to_string(round)) == NameIndex::kNone);
            names.index.erase(second);
            names.all.pop_back();
        }
        CHECK(names.find("stays") == 0);
        CHECK(names.find("9999") == NameIndex::kNone);
    }

    TEST_CASE("room for more names than there are changes nothing else") {
        Names names;
        REQUIRE(names.add("a") == NameIndex::kNone);
        names.index.reserve(1000);

        CHECK(names.find("a") == 0);
        CHECK(names.add("a") == 0);
    }
}
