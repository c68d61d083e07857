// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/function_length.
#include "tools/tidy/rules.h"

#include <doctest/doctest.h>

#include "tests/unit/tools/tidy/small_tree.h"

namespace siskin::tidy {
namespace {

const std::string kBody68 = repeated("    a();\n", 68);
const std::string kBody69 = repeated("    a();\n", 69);

}  // namespace

TEST_SUITE("tools/tidy/function_length") {
    TEST_CASE("a body of 70 lines passes, one of 71 is found at its opening brace") {
        CHECK(
            found_by(function_length_rule(), {{"a.cc", "void f() {\n" + kBody68 + "}\n"}}).empty());
        CHECK(found_by(function_length_rule(), {{"a.cc", "\nvoid f() {\n" + kBody69 + "}\n"}}) ==
              Lines{"a.cc:2: function body has 71 lines, the most is 70"});
    }

    TEST_CASE("members, operators and constructors with initialisers are functions") {
        for (const std::string head :
             {"class A {\nint f() const noexcept", "A::A(int b) : b_{b}, c_(b)",
              "bool operator==(const A& l, const A& r)", "auto f() -> std::vector<int>",
              "template <class T>\nvoid f(T)", "A& A::operator=(const A& other)"}) {
            CAPTURE(head);
            CHECK(found_by(function_length_rule(), {{"a.cc", head + " {\n" + kBody69 + "}\n"}})
                      .size() == 1);
        }
    }

    TEST_CASE("scopes, types and tables are not functions") {
        for (const std::string head :
             {"namespace a", "class A", "struct SISKIN_CAPABILITY(\"x\") A", "enum class E",
              "constexpr std::array kTable = f(1)", "TEST_SUITE(\"a\")", "extern \"C\""}) {
            CAPTURE(head);
            CHECK(found_by(function_length_rule(), {{"a.cc", head + " {\n" + kBody69 + "}\n"}})
                      .empty());
        }
    }

    TEST_CASE("blocks and lambdas count for the function around them, once") {
        const std::string text = "void f() {\n  g([&] {\n" + kBody69 + "  });\n}\n";

        CHECK(found_by(function_length_rule(), {{"a.cc", text}}) ==
              Lines{"a.cc:1: function body has 73 lines, the most is 70"});
    }

    TEST_CASE("braces in comments, literals and directives do not count") {
        const std::string text =
            "void f() {\n  g(\"{\", '{');  // {\n}\n#define SISKIN_A() {\n"
            "void h() {\n" +
            kBody68 + "}\n";

        CHECK(found_by(function_length_rule(), {{"a.cc", text}}).empty());
    }
}

}  // namespace siskin::tidy
