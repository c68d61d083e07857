// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/pragma_once.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/pragma_once") {
    TEST_CASE("a header without it is found, a source needs none") {
        CHECK(found_by(pragma_once_rule(), {{"a.h", "// A.\n#pragma once\n"}}).empty());
        CHECK(found_by(pragma_once_rule(), {{"a.h", "#ifndef A\n"}}) ==
              Lines{"a.h:1: header without #pragma once"});
        CHECK(found_by(pragma_once_rule(), {{"a.cc", ""}}).empty());
    }
}

}  // namespace siskin::tidy
