// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/test_presence.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/test_presence") {
    TEST_CASE("a test in any folder below the top folder's will do") {
        CHECK(found_by(test_presence_rule(),
                       {{"base/loop/mailbox.cc", ""}, {"tests/unit/base/mailbox_test.cc", ""}})
                  .empty());
        CHECK(found_by(test_presence_rule(),
                       {{"base/loop/mailbox.cc", ""}, {"tests/unit/base/loop/mailbox_test.cc", ""}})
                  .empty());
    }

    TEST_CASE("a source without a test is found; another folder's test is not its own") {
        CHECK(found_by(test_presence_rule(),
                       {{"base/loop/mailbox.cc", ""}, {"tests/unit/pci/mailbox_test.cc", ""}}) ==
              Lines{"base/loop/mailbox.cc:1: no mailbox_test.cc below tests/unit/base, and no line "
                    "in tests/untested.txt that says why"});
        CHECK(found_by(test_presence_rule(),
                       {{"pci/bar.cc", ""}, {"tests/unit/pci/sidebar_test.cc", ""}})
                  .size() == 1);
    }

    TEST_CASE("a line with a reason stands for a test") {
        CHECK(found_by(test_presence_rule(),
                       {{"vmm/kvm/kvm.cc", ""},
                        {"tests/untested.txt", "vmm/kvm/kvm.cc: the kvm tier\n"}})
                  .empty());
    }

    TEST_CASE("tools, tests and headers need none") {
        CHECK(found_by(test_presence_rule(),
                       {{"tools/a.cc", ""}, {"tests/a.cc", ""}, {"pci/a.h", ""}})
                  .empty());
    }
}

TEST_SUITE("tools/tidy/untested_list") {
    TEST_CASE("comments, empty lines and lines that hold pass") {
        CHECK(found_by(untested_list_rule(),
                       {{"tests/untested.txt", "# why\n\npci/a.cc: too thin\n"}, {"pci/a.cc", ""}})
                  .empty());
    }

    TEST_CASE("a line without a reason, of a file that is gone or one that has a test is found") {
        CHECK(found_by(untested_list_rule(), {{"tests/untested.txt", "pci/a.cc\n"}}).size() == 1);
        CHECK(found_by(untested_list_rule(), {{"tests/untested.txt", "pci/a.cc: x\n"}}) ==
              Lines{"tests/untested.txt:1: pci/a.cc is gone; so should this line be"});
        CHECK(found_by(untested_list_rule(), {{"tests/untested.txt", "pci/a.cc: x\n"},
                                              {"pci/a.cc", ""},
                                              {"tests/unit/pci/a_test.cc", ""}}) ==
              Lines{"tests/untested.txt:1: pci/a.cc has a test; drop this line"});
    }
}

}  // namespace siskin::tidy
