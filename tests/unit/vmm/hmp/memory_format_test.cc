// SPDX-License-Identifier: Apache-2.0
// Formats of x, xp and print.
#include "vmm/hmp/memory_format.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace siskin::hmp {
namespace {

constexpr std::array<std::uint8_t, 8> kPattern{0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};

std::string dump(std::string_view format_text, std::size_t readable = kPattern.size()) {
    FormatDefaults defaults;
    const auto format = take_format(format_text, defaults);
    REQUIRE(format.has_value());
    const auto size = dump_size(*format);
    REQUIRE(size.has_value());
    return dump_text(*format, 0x1000, std::as_bytes(std::span(kPattern)).first(readable), *size);
}

std::string error(std::string_view text) {
    FormatDefaults defaults;
    const auto format = take_format(text, defaults);
    return format ? "no error" : format.error().message;
}

}  // namespace

TEST_SUITE("vmm/hmp/memory_format") {
    TEST_CASE("each letter and unit has its columns") {
        const std::string head = "0000000000001000:";

        CHECK(dump("/8xb") == head + " 0xf8 0xf9 0xfa 0xfb 0xfc 0xfd 0xfe 0xff\n");
        CHECK(dump("/4xh") == head + " 0xf9f8 0xfbfa 0xfdfc 0xfffe\n");
        CHECK(dump("/2xw") == head + " 0xfbfaf9f8 0xfffefdfc\n");
        CHECK(dump("/xg") == head + " 0xfffefdfcfbfaf9f8\n");
        CHECK(dump("/8db") == head + " 248 249 250 251 252 253 254 255\n");
        CHECK(dump("/4dh") == head + " 63992 64506 65020 65534\n");
        CHECK(dump("/2dw") == head + " 4227529208 4294901244\n");
        CHECK(dump("/dg") == head + "     -283686952306184\n");
        CHECK(dump("/ug") == head + " 18446460386757245432\n");
        CHECK(dump("/2ob") == head + " 0370 0371\n");
        CHECK(dump("/2ow") == head + " 037376574770 037777576774\n");
        CHECK(dump("/og") == head + " 01777767737637376574770\n");
        CHECK(dump("/2cb") == head + " '\\xf8' '\\xf9'\n");
        CHECK(dump("/0xb").empty());
    }

    TEST_CASE("characters of wider units are shown one by one") {
        CHECK(dump("/2ch") == "0000000000001000: '\\xf8' '\\xf9' '\\xfa' '\\xfb'\n");
    }

    TEST_CASE("a line that is not wholly readable says so and ends the dump") {
        CHECK(dump("/8xb", 7) == "0000000000001000: Cannot access memory\n");
        CHECK(dump("/12xb") ==
              "0000000000001000: 0xf8 0xf9 0xfa 0xfb 0xfc 0xfd 0xfe 0xff\n"
              "0000000000001008: Cannot access memory\n");
    }

    TEST_CASE("letter and unit hold until others are named") {
        FormatDefaults defaults;
        std::string_view first = "/3dh 5";
        std::string_view second = "7";

        const auto named = take_format(first, defaults);
        const auto unnamed = take_format(second, defaults);

        REQUIRE(named.has_value());
        REQUIRE(unnamed.has_value());
        CHECK(first == "5");
        CHECK(named->count == 3);
        CHECK(unnamed->count == 1);
        CHECK(unnamed->letter == 'd');
        CHECK(unnamed->unit == 2);
    }

    TEST_CASE("a wrong format changes nothing") {
        FormatDefaults defaults;
        std::string_view text = "/db?";

        CHECK_FALSE(take_format(text, defaults).has_value());

        CHECK(defaults.letter == 'x');
        CHECK(defaults.unit == 4);
    }

    TEST_CASE("what a format cannot be is named") {
        CHECK(error("/4xz") == "invalid char in format: 'z'");
        CHECK(error("/-1") == "invalid char in format: '-'");
        CHECK(error("/99999999999999999999x") == "count in format is too large");
        CHECK(error("/4i") == "format 'i' needs a disassembler, which siskin does not have");
    }

    TEST_CASE("the most that one dump shows is 64 KiB") {
        CHECK(dump_size({kDumpBytesMax, 'x', 1}).has_value());
        CHECK(dump_size({kDumpBytesMax / 8, 'x', 8}).has_value());
        const auto refused = dump_size({kDumpBytesMax / 8 + 1, 'x', 8});

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "count is 8193, the most for units of 8 bytes is 8192");
        CHECK_FALSE(dump_size({~std::uint64_t{0}, 'x', 8}).has_value());
    }

    TEST_CASE("print shows a value whole") {
        CHECK(value_text('x', 0) == "0");
        CHECK(value_text('x', 0x3f) == "0x3f");
        CHECK(value_text('d', ~std::uint64_t{0}) == "-1");
        CHECK(value_text('u', ~std::uint64_t{0}) == "18446744073709551615");
        CHECK(value_text('o', 8) == "010");
        CHECK(value_text('c', 'A') == "'A'");
        CHECK(value_text('c', '\n') == "'\\n'");
        CHECK(value_text('c', '\'') == "'\\''");
        CHECK(value_text('c', '\\') == "'\\\\'");
        CHECK(value_text('c', '\r') == "'\\r'");
        CHECK(value_text('c', 0) == "'\\x00'");
        CHECK(value_text('c', 0x1f8) == "'\\x1f8'");
    }
}

}  // namespace siskin::hmp
