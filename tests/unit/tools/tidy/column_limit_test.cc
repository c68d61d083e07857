// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/column_limit.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/column_limit") {
    TEST_CASE("a line of 100 columns passes, one of 101 is found") {
        CHECK(found_by(column_limit_rule(), {{"a.cc", repeated("x", 100) + "\n"}}).empty());
        CHECK(found_by(column_limit_rule(), {{"a.cc", "\n" + repeated("x", 101) + "\n"}}) ==
              Lines{"a.cc:2: line has 101 columns, the most is 100"});
    }

    TEST_CASE("columns are characters, not bytes") {
        CHECK(found_by(column_limit_rule(), {{"a.cc", repeated("\xc2\xa7", 100) + "\n"}}).empty());
    }

    TEST_CASE("pages and data are free") {
        CHECK(found_by(column_limit_rule(), {{"a.md", repeated("x", 500)}}).empty());
        CHECK(found_by(column_limit_rule(), {{"a.json", repeated("x", 500)}}).empty());
    }
}

}  // namespace siskin::tidy
