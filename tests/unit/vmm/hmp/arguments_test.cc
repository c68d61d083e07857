// SPDX-License-Identifier: Apache-2.0
// Arguments taken off a line.
#include "vmm/hmp/arguments.h"

#include <doctest/doctest.h>

namespace siskin::hmp {
namespace {

Result<std::uint64_t> no_register(std::string_view /*name*/) {
    return fail("unknown register");
}

}  // namespace

TEST_SUITE("vmm/hmp/arguments") {
    TEST_CASE("options, words and the end come in their order") {
        Arguments arguments("block", " -v  disk0 ");

        CHECK(arguments.take_option('v', "nv") == true);
        const auto word = arguments.take_word();
        CHECK(arguments.finish().has_value());

        REQUIRE(word.has_value());
        CHECK(word->value() == "disk0");
        CHECK_FALSE(arguments.take_word()->has_value());
    }

    TEST_CASE("the rest is everything up to the end, white space and quotes too") {
        Arguments arguments("object_add", "a   \"b c\" ");

        CHECK(arguments.take_word()->value() == "a");
        CHECK(arguments.take_rest() == "\"b c\" ");

        CHECK(arguments.at_end());
        CHECK(arguments.take_rest().empty());
    }

    TEST_CASE("an option that is not there is not taken, one that is unknown is an error") {
        Arguments none("block", "disk0");
        Arguments other("block", "-n");
        Arguments unknown("registers", "-b");

        CHECK(none.take_option('v', "nv") == false);
        CHECK(other.take_option('v', "nv") == false);
        const auto refused = unknown.take_option('a', "a");

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "registers: unsupported option -b");
    }

    TEST_CASE("a word in quotes holds its white space, and needs its end") {
        Arguments quoted("x", "\"a b\" c");
        Arguments open("x", "\"a b");

        CHECK(quoted.take_word()->value() == "a b");
        CHECK(quoted.take_word()->value() == "c");
        CHECK(open.take_word().error().message == "unterminated string");
    }

    TEST_CASE("what is left at the end is an error that names the command") {
        Arguments arguments("stop|s", " x");

        CHECK(arguments.finish().error().message ==
              "stop|s: extraneous characters at the end of line");
    }

    TEST_CASE("an index fits 32 bits") {
        Arguments largest("cpu", "0xffffffff");
        Arguments negative("cpu", "-1");

        CHECK(largest.take_index("cpu", no_register) == 0xffffffffU);
        CHECK(negative.take_index("cpu", no_register).error().message ==
              "'cpu' has failed: integer is for 32-bit values");
    }

    TEST_CASE("a format comes before its number") {
        FormatDefaults defaults;
        Arguments arguments("x", " /2xb 0x10");

        CHECK(arguments.take_format(defaults)->count == 2);
        CHECK(arguments.take_number(no_register) == 0x10);
        CHECK(arguments.at_end());
    }
}

}  // namespace siskin::hmp
