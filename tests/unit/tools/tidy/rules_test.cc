// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/rules.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/rules") {
    TEST_CASE("every rule has a name of its own and an explanation") {
        std::set<std::string_view> names;
        for (const Rule& rule : all_rules()) {
            CAPTURE(rule.name);
            CHECK(names.insert(rule.name).second);
            CHECK(rule.explanation.ends_with('.'));
            REQUIRE(find_rule(rule.name) != nullptr);
            CHECK(find_rule(rule.name)->name == rule.name);
        }
        CHECK(names.size() == 17);
    }

    TEST_CASE("there is no rule of another name") {
        CHECK(find_rule("taste") == nullptr);
    }

    TEST_CASE("findings come sorted, and files and checks are counted") {
        Tree tree;
        tree.add(SourceFile("pci/b.h", "#define B\n"));
        tree.add(SourceFile("pci/a.h", "\n#define A\n"));
        tree.add(SourceFile("data.bin", "x"));
        const std::vector<Rule> rules{names_rule(), pragma_once_rule()};

        const Outcome outcome = run(tree, rules);

        CHECK(outcome.file_count == 3);
        CHECK(outcome.check_count == 4);
        CHECK(outcome.failed_count == 4);
        REQUIRE(outcome.findings.size() == 4);
        CHECK(outcome.findings[0].path == "pci/a.h");
        CHECK(outcome.findings[0].line == 1);
        CHECK(outcome.findings[1].line == 2);
        CHECK(outcome.findings[2].path == "pci/b.h");
    }
}

}  // namespace siskin::tidy
