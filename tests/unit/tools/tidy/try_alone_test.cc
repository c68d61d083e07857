// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/try_alone.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {

TEST_SUITE("tools/tidy/try_alone") {
    TEST_CASE("behind a comma in braces it is found, nested and with designators too") {
        for (const std::string line :
             {"return Pair{first(), SISKIN_TRY(second())};", "Pair pair{a, SISKIN_TRY(b())};",
              "return Pair{a(),\n SISKIN_TRY(b())};", "out.push_back({a(), SISKIN_TRY(b())});",
              "return Pair{a(), f(SISKIN_TRY(b()))};",
              "return Pair{.a = a(), .b = SISKIN_TRY_IN(\"x\", b())};"}) {
            CAPTURE(line);
            CHECK(found_by(try_alone_rule(), {{"pci/a.cc", "void f() {\n" + line + "\n}\n"}})
                      .size() == 1);
        }
    }

    TEST_CASE("as a statement, an initialiser, an argument or a first element it passes") {
        for (const std::string line :
             {"SISKIN_TRY(a());", "const auto b = SISKIN_TRY(a());",
              "std::map<int, int> b = SISKIN_TRY(a());", "return f(a, SISKIN_TRY(b()));",
              "return std::pair<int, int>(SISKIN_TRY(a()));", "return One{SISKIN_TRY(a())};",
              "if (a) { b(1, 2); }\nSISKIN_TRY(c());", "f(a, [&] { SISKIN_TRY(b()); });"}) {
            CAPTURE(line);
            CHECK(found_by(try_alone_rule(), {{"pci/a.cc", "void f() {\n" + line + "\n}\n"}})
                      .empty());
        }
    }
}

}  // namespace siskin::tidy
