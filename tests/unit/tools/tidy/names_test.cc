// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/names.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/names") {
    TEST_CASE("snake_case passes, capitals and hyphens in a path are found") {
        CHECK(found_by(names_rule(), {{"pci/root_port2.cc", ""}}).empty());
        CHECK(found_by(names_rule(), {{"pci/RootPort.cc", ""}}) ==
              Lines{"pci/RootPort.cc:1: 'RootPort' in the path is not snake_case"});
        CHECK(found_by(names_rule(), {{"pci-bus/a.cc", ""}}).size() == 1);
    }

    TEST_CASE("a macro begins with SISKIN_, or is one a library reads") {
        CHECK(found_by(names_rule(), {{"a.cc", "#define SISKIN_A 1\n#define _GNU_SOURCE 1\n"}})
                  .empty());
        CHECK(found_by(names_rule(), {{"a.cc", "#define MAX(a, b) a\n"}}) ==
              Lines{"a.cc:1: macro 'MAX' does not begin with SISKIN_"});
    }
}

}  // namespace siskin::tidy
