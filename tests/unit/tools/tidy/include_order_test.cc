// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/include_order.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/include_order") {
    TEST_CASE("own, standard, third-party, siskin passes") {
        const std::string text =
            "#include \"pci/bar.h\"\n\n#include <vector>\n\n#include <fcntl.h>\n"
            "#include <tl/expected.hpp>\n\n#include \"base/fd.h\"\n";

        CHECK(found_by(include_order_rule(), {{"pci/bar.cc", text}, {"pci/bar.h", ""}}).empty());
    }

    TEST_CASE("the own header comes first") {
        CHECK(found_by(include_order_rule(),
                       {{"pci/bar.cc", "#include <vector>\n#include \"pci/bar.h\"\n"},
                        {"pci/bar.h", ""}}) ==
              Lines{"pci/bar.cc:1: the first include is \"pci/bar.h\", which proves that header "
                    "complete"});
    }

    TEST_CASE("a standard header after a siskin header is found") {
        CHECK(found_by(include_order_rule(),
                       {{"pci/bar.h", "#include \"base/fd.h\"\n#include <vector>\n"}}) ==
              Lines{"pci/bar.h:2: vector: a standard header comes before a siskin header"});
    }

    TEST_CASE("a standard header after a system header is found") {
        CHECK(found_by(include_order_rule(),
                       {{"pci/bar.h", "#include <fcntl.h>\n#include <vector>\n"}})
                  .size() == 1);
    }

    TEST_CASE("a test includes what it proves, then doctest, then the rest") {
        const std::string good =
            "#include \"pci/bar.h\"\n#include <doctest/doctest.h>\n#include <vector>\n"
            "#include \"base/fd.h\"\n";
        const std::string bad = "#include <doctest/doctest.h>\n#include \"pci/bar.h\"\n";

        CHECK(found_by(include_order_rule(),
                       {{"tests/unit/pci/bar_test.cc", good}, {"pci/bar.h", ""}})
                  .empty());
        CHECK(
            found_by(include_order_rule(), {{"tests/unit/pci/bar_test.cc", bad}, {"pci/bar.h", ""}})
                .size() == 1);
    }

    TEST_CASE("a test of another name may begin with the header it proves") {
        const std::string text = "#include \"pci/bar.h\"\n#include <doctest/doctest.h>\n";

        CHECK(
            found_by(include_order_rule(), {{"tests/unit/pci/bar_sizing_test.cc", text}}).empty());
    }
}

}  // namespace siskin::tidy
