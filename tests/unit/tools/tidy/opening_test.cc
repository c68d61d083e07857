// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/license and tools/tidy/opening_sentence.
#include "tools/tidy/opening.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {
namespace {

const std::string kTag = " SPDX-License-Identifier: Apache-2.0\n";

}  // namespace

TEST_SUITE("tools/tidy/license") {
    TEST_CASE("the SPDX line is the first, in the comments of the language") {
        CHECK(found_by(license_rule(), {{"a.cc", "//" + kTag}}).empty());
        CHECK(found_by(license_rule(), {{"CMakeLists.txt", "#" + kTag}}).empty());
        CHECK(found_by(license_rule(), {{"a.ld", "/* SPDX-License-Identifier: Apache-2.0 */\n"}})
                  .empty());
    }

    TEST_CASE("behind a #! line it is the second") {
        CHECK(found_by(license_rule(), {{"tools/run", "#!/bin/sh\n#" + kTag}}).empty());
        CHECK(found_by(license_rule(), {{"tools/run", "#!/bin/sh\necho\n"}}).size() == 1);
    }

    TEST_CASE("another license, another place or nothing is found") {
        CHECK(found_by(license_rule(), {{"a.cc", "// SPDX-License-Identifier: MIT\n"}}).size() ==
              1);
        CHECK(found_by(license_rule(), {{"a.cc", "\n//" + kTag}}) ==
              Lines{"a.cc:1: this line is not \"// SPDX-License-Identifier: Apache-2.0\""});
        CHECK(found_by(license_rule(), {{"a.cc", ""}}).size() == 1);
    }

    TEST_CASE("data needs none") {
        CHECK(found_by(license_rule(), {{"a.json", "{}\n"}}).empty());
    }
}

TEST_SUITE("tools/tidy/opening_sentence") {
    TEST_CASE("a sentence passes, on one line or several") {
        CHECK(found_by(opening_sentence_rule(), {{"a.cc", "//" + kTag + "// A thing.\n"}}).empty());
        CHECK(found_by(opening_sentence_rule(),
                       {{"a.cc", "//" + kTag + "// A thing that\n// goes on.\nint a;\n"}})
                  .empty());
        CHECK(found_by(opening_sentence_rule(),
                       {{"a.py", "#!/usr/bin/python3\n#" + kTag + "\"\"\"A thing.\"\"\"\n"}})
                  .empty());
    }

    TEST_CASE("no comment, or one without a full stop, is found") {
        CHECK(found_by(opening_sentence_rule(), {{"a.cc", "//" + kTag + "int a;\n"}}) ==
              Lines{"a.cc:2: no comment here that says what the file is for"});
        CHECK(found_by(opening_sentence_rule(), {{"a.cc", "//" + kTag + "// A thing\nint a;\n"}})
                  .size() == 1);
        CHECK(found_by(opening_sentence_rule(), {{"a.cc", "//" + kTag}}).size() == 1);
    }

    TEST_CASE("a folder's CMakeLists.txt is about its folder") {
        CHECK(found_by(opening_sentence_rule(), {{"pci/CMakeLists.txt", "#" + kTag}}).empty());
    }
}

}  // namespace siskin::tidy
