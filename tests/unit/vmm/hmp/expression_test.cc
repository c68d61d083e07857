// SPDX-License-Identifier: Apache-2.0
// Expressions: values, precedence, errors in QEMU's words.
#include "vmm/hmp/expression.h"

#include <doctest/doctest.h>

#include <string>

namespace siskin::hmp {
namespace {

Result<std::uint64_t> no_register(std::string_view name) {
    return name == "eax" ? Result<std::uint64_t>(0x1234) : fail("unknown register");
}

std::uint64_t value(std::string_view text) {
    const auto result = take_expression(text, no_register);
    REQUIRE_MESSAGE(result.has_value(), text);
    CHECK(text.empty());
    return *result;
}

std::string error(std::string_view text) {
    const auto result = take_expression(text, no_register);
    return result ? "no error" : result.error().message;
}

}  // namespace

TEST_SUITE("vmm/hmp/expression") {
    TEST_CASE("numbers are decimal, hexadecimal, octal or a character") {
        CHECK(value("12") == 12);
        CHECK(value("0x1F") == 0x1f);
        CHECK(value("010") == 8);
        CHECK(value("'a'") == 97);
        CHECK(value("18446744073709551615") == ~std::uint64_t{0});
    }

    TEST_CASE("& | ^ bind closer than + and -, * / % closest, all from the left") {
        CHECK(value("1+2*3") == 7);
        CHECK(value("4+1&3") == 5);
        CHECK(value("2+3*4|1") == 15);
        CHECK(value("5&3|8^1") == 8);
        CHECK(value("6|3&1") == 1);
        CHECK(value("10-3-2") == 5);
        CHECK(value("(1+2)*3") == 9);
    }

    TEST_CASE("division is of signed numbers, and the lowest one by -1 wraps") {
        CHECK(value("-7/2") == static_cast<std::uint64_t>(-3));
        CHECK(value("-7%2") == static_cast<std::uint64_t>(-1));
        CHECK(value("0x8000000000000000/-1") == std::uint64_t{1} << 63U);
        CHECK(value("0x8000000000000000%-1") == 0);
    }

    TEST_CASE("signs, complements and registers") {
        CHECK(value("~0") == ~std::uint64_t{0});
        CHECK(value(" - -5 ") == 5);
        CHECK(value("$eax+1") == 0x1235);
    }

    TEST_CASE("what follows an expression is left, without the space before it") {
        std::string_view text = "1 + 2  3";
        const auto result = take_expression(text, no_register);

        REQUIRE(result.has_value());
        CHECK(*result == 3);
        CHECK(text == "3");
    }

    TEST_CASE("0x without digits is the number 0") {
        std::string_view text = "0x";
        const auto result = take_expression(text, no_register);

        REQUIRE(result.has_value());
        CHECK(*result == 0);
        CHECK(text == "x");
    }

    TEST_CASE("errors name what is wrong") {
        CHECK(error("") == "unexpected end of expression");
        CHECK(error("1+") == "unexpected end of expression");
        CHECK(error("(1") == "')' expected");
        CHECK(error("1/0") == "division by zero");
        CHECK(error("1%0") == "division by zero");
        CHECK(error("foo") == "invalid char 'f' in expression");
        CHECK(error("18446744073709551616") == "number too large");
        CHECK(error("0x10000000000000000") == "number too large");
        CHECK(error("$nope") == "unknown register");
        CHECK(error("'") == "character constant expected");
        CHECK(error("'ab'") == "missing terminating ' character");
    }

    TEST_CASE("nesting has a limit, not a stack overflow") {
        CHECK(value(std::string(kExpressionDepthMax - 1, '~') + "0") == ~std::uint64_t{0});
        CHECK(error(std::string(kExpressionDepthMax, '~') + "0") == "expression is deeper than 64");
        CHECK(error(std::string(4000, '(')) == "expression is deeper than 64");
    }
}

}  // namespace siskin::hmp
