// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/characters.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/characters") {
    TEST_CASE("ASCII and the section sign pass, another character is found") {
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "// PCIe 5.0 \xc2\xa7 6.1\n"}}).empty());
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "// \xe2\x86\x92\n"}}) ==
              Lines{"pci/a.cc:1: character outside ASCII; only the section sign may be"});
    }

    TEST_CASE("control characters are found") {
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "a\x01\n"}}).size() == 1);
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "a\r\n"}}).size() == 1);
    }

    TEST_CASE("tabs and white space at the end of a line are found in code and pages") {
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "\ta;\n"}}).size() == 1);
        CHECK(found_by(characters_rule(), {{"docs/a.md", "text \n"}}).size() == 1);
        CHECK(found_by(characters_rule(), {{"tools/a.S", "\tret\n"}}).empty());
    }

    TEST_CASE("a page may use any alphabet") {
        CHECK(found_by(characters_rule(), {{"docs/a.md", "caf\xc3\xa9\n"}}).empty());
    }

    TEST_CASE("a file ends with one newline") {
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "a;"}}).size() == 1);
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "a;\n\n"}}).size() == 1);
        CHECK(found_by(characters_rule(), {{"pci/a.cc", "a;\n"}}).empty());
    }
}

}  // namespace siskin::tidy
