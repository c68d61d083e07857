// SPDX-License-Identifier: Apache-2.0
// Proves base/text.
#include "base/text.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace siskin {

TEST_SUITE("base/text") {
    TEST_CASE("concat joins texts, characters and numbers of every width and sign") {
        CHECK(concat("a", std::string("b"), std::string_view("c"), 'd', -1, 2U,
                     std::numeric_limits<std::uint64_t>::max()) == "abcd-1218446744073709551615");
        CHECK(concat(std::uint8_t{65}) == "65");
        CHECK(concat().empty());
    }

    TEST_CASE("hex has a prefix, no needless digits, and as many as were asked for") {
        CHECK(hex(0) == "0x0");
        CHECK(hex(0x1f) == "0x1f");
        CHECK(hex(0x1f, 4) == "0x001f");
        CHECK(hex(0x12345, 4) == "0x12345");
        CHECK(hex(std::numeric_limits<std::uint64_t>::max()) == "0xffffffffffffffff");
    }

    TEST_CASE("a number is the whole text, without sign, space or prefix") {
        CHECK(parse_unsigned("0") == 0U);
        CHECK(parse_unsigned("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
        CHECK(parse_unsigned("ff", 16) == 255U);
        for (const std::string_view bad :
             {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "18446744073709551616", "1.0"}) {
            CAPTURE(bad);
            CHECK(parse_unsigned(bad) == std::nullopt);
        }
    }

    TEST_CASE("a text with a NUL inside is no number") {
        CHECK(parse_unsigned(std::string_view("1\0", 2)) == std::nullopt);
    }

    TEST_CASE("parse_number knows the prefix of hexadecimal") {
        CHECK(parse_number("0x1F") == 31U);
        CHECK(parse_number("0X10") == 16U);
        CHECK(parse_number("10") == 10U);
        for (const std::string_view bad : {"0x", "0xg", "x1", "0x-1", "0x0x1"}) {
            CAPTURE(bad);
            CHECK(parse_number(bad) == std::nullopt);
        }
    }

    TEST_CASE("join puts the separator between all parts, empty ones too") {
        CHECK(join({}, ", ").empty());
        CHECK(join({"a"}, ", ") == "a");
        CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
        CHECK(join({"", "a", ""}, ",") == ",a,");
    }

    TEST_CASE("printable shows ASCII as it is and the rest as bytes") {
        CHECK(printable("a b~") == "a b~");
        CHECK(printable(std::string_view("\0\n\x7f\xff", 4)) == "\\x00\\x0a\\x7f\\xff");
    }

    TEST_CASE("printable cuts what is longer than the limit and says so") {
        CHECK(printable("abcd", 4) == "abcd");
        CHECK(printable("abcde", 4) == "abcd...");
        CHECK(printable(std::string(1000, 'x')).size() == 128 + 3);
    }
}

}  // namespace siskin
