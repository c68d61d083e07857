// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/markdown_page.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/markdown_page") {
    TEST_CASE("a title, an empty line and a sentence pass") {
        CHECK(found_by(markdown_page_rule(), {{"docs/a.md", "# A\n\nWhat it\ncovers.\n\n## B\n"}})
                  .empty());
    }

    TEST_CASE("a page without a title, or without its sentence, is found") {
        CHECK(found_by(markdown_page_rule(), {{"docs/a.md", "What it covers.\n"}}).size() == 1);
        CHECK(found_by(markdown_page_rule(), {{"docs/a.md", "# A\n"}}).size() == 1);
        CHECK(found_by(markdown_page_rule(), {{"docs/a.md", "# A\n\n- a list\n"}}).size() == 1);
        CHECK(found_by(markdown_page_rule(), {{"docs/a.md", "# A\n\nNo stop\n\nHere.\n"}}) ==
              Lines{"docs/a.md:3: the first paragraph is a sentence and ends with a full stop"});
    }
}

}  // namespace siskin::tidy
