// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/markdown_links.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/markdown_links") {
    TEST_CASE("a link to a file, a folder and a heading resolves") {
        const std::string page =
            "# A\n[b](b.md) [up](../pci/bar.h) [folder](../pci/) [head](b.md#two-words-now)\n"
            "[here](#a)\n";

        CHECK(found_by(markdown_links_rule(), {{"docs/a.md", page},
                                               {"docs/b.md", "# B\n## Two `words`, now\n"},
                                               {"pci/bar.h", ""}})
                  .empty());
    }

    TEST_CASE("a link to nothing is found") {
        CHECK(found_by(markdown_links_rule(), {{"docs/a.md", "\nsee [b](b.md)\n"}}) ==
              Lines{"docs/a.md:2: link to 'b.md', and there is no docs/b.md"});
    }

    TEST_CASE("a link to a heading that is not there is found") {
        CHECK(found_by(markdown_links_rule(), {{"docs/a.md", "# A\n[b](#b)\n"}}) ==
              Lines{"docs/a.md:2: link to '#b', and docs/a.md has no such heading"});
    }

    TEST_CASE("links to other sites and in code are left alone") {
        const std::string page =
            "[a](https://example.org/x)\n`[b](b.md)`\n```\n[c](c.md)\n# D\n```\n";

        CHECK(found_by(markdown_links_rule(), {{"docs/a.md", page}}).empty());
    }
}

}  // namespace siskin::tidy
