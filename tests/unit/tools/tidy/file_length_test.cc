// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/file_length.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/file_length") {
    TEST_CASE("400 lines pass, 401 are found") {
        CHECK(found_by(file_length_rule(), {{"pci/a.cc", repeated("a;\n", 400)}}).empty());
        CHECK(found_by(file_length_rule(), {{"pci/a.cc", repeated("a;\n", 401)}}) ==
              Lines{"pci/a.cc:401: file has 401 lines, the most is 400"});
    }

    TEST_CASE("pages and schemas count, generated pages and data do not") {
        const std::string text = repeated("a\n", 401);

        CHECK(found_by(file_length_rule(), {{"docs/a.md", text}}).size() == 1);
        CHECK(found_by(file_length_rule(), {{"qmp/schema/a.json", text}}).size() == 1);
        CHECK(found_by(file_length_rule(), {{"docs/reference/qmp.md", text}}).empty());
        CHECK(found_by(file_length_rule(), {{"tests/qmp/a.json", text}}).empty());
    }
}

}  // namespace siskin::tidy
