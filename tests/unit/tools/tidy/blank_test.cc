// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/blank.
#include "tools/tidy/blank.h"

#include <doctest/doctest.h>

namespace siskin::tidy {

TEST_SUITE("tools/tidy/blank") {
    TEST_CASE("comments become spaces and line ends stay") {
        CHECK(blank_comments_and_literals("a; // b\nc /* d\ne */ f\n") ==
              "a;     \nc     \n     f\n");
    }

    TEST_CASE("an unfinished comment ends with the text") {
        CHECK(blank_comments_and_literals("a /* b") == "a     ");
        CHECK(blank_comments_and_literals("a // b") == "a     ");
    }

    TEST_CASE("strings and characters keep their quotes and lose their content") {
        CHECK(blank_comments_and_literals(R"(f("a\"{", '{', '\'');)") ==
              R"(f("    ", ' ', '  ');)");
    }

    TEST_CASE("a comment mark inside a string is no comment") {
        CHECK(blank_comments_and_literals("f(\"//\"); g;") == "f(\"  \"); g;");
    }

    TEST_CASE("a raw string ends at its own delimiter") {
        CHECK(blank_comments_and_literals("f(R\"x(a)\" {)x\"); g;") == "f(R\"         \"); g;");
    }

    TEST_CASE("a digit separator opens no character literal") {
        CHECK(blank_comments_and_literals("n = 1'000'000; {") == "n = 1'000'000; {");
        CHECK(blank_comments_and_literals("n = 0xff'ff; {") == "n = 0xff'ff; {");
    }

    TEST_CASE("a directive and its continued lines are blanked, the next line is not") {
        bool continued = false;

        CHECK(blank_directive("#define A \\", continued) == "           ");
        CHECK(blank_directive("    {", continued) == "     ");
        CHECK(blank_directive("    {", continued) == "    {");
    }
}

}  // namespace siskin::tidy
