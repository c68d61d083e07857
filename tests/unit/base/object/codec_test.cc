// SPDX-License-Identifier: Apache-2.0
// Proves base/object/codec.
#include "base/object/codec.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace siskin {
namespace {

constexpr NumberRange kAny{};
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_SUITE("base/object/codec") {
    TEST_CASE("types have their QOM names") {
        CHECK(Codec<bool>::type_name == "bool");
        CHECK(Codec<std::uint8_t>::type_name == "uint8");
        CHECK(Codec<std::uint16_t>::type_name == "uint16");
        CHECK(Codec<std::uint32_t>::type_name == "uint32");
        CHECK(Codec<std::uint64_t>::type_name == "uint64");
        CHECK(Codec<std::string>::type_name == "str");
        CHECK(Codec<ByteCount>::type_name == "size");
        CHECK(Codec<std::optional<std::uint16_t>>::type_name == "uint16");
    }

    TEST_CASE("a boolean is JSON's or one of the command line's words") {
        for (const char* const word : {"on", "true", "yes", "y"}) {
            CHECK(Codec<bool>::parse(word, kAny) == true);
        }
        for (const char* const word : {"off", "false", "no", "n"}) {
            CHECK(Codec<bool>::parse(word, kAny) == false);
        }
        CHECK(Codec<bool>::parse(true, kAny) == true);
        CHECK(Codec<bool>::parse("ON", kAny) == std::nullopt);
        CHECK(Codec<bool>::parse("", kAny) == std::nullopt);
        CHECK(Codec<bool>::parse(1, kAny) == std::nullopt);
        CHECK(Codec<bool>::parse(Value(), kAny) == std::nullopt);
    }

    TEST_CASE("a number is JSON's or a text in decimal or hexadecimal") {
        CHECK(Codec<std::uint16_t>::parse(7, kAny) == std::uint16_t{7});
        CHECK(Codec<std::uint16_t>::parse("7", kAny) == std::uint16_t{7});
        CHECK(Codec<std::uint16_t>::parse("0x1f", kAny) == std::uint16_t{31});
        CHECK(Codec<std::uint64_t>::parse(kMax, kAny) == kMax);
        CHECK(Codec<std::uint64_t>::parse("18446744073709551615", kAny) == kMax);
    }

    TEST_CASE("what is no number, negative or broken is refused") {
        for (const Value& bad : {Value(-1), Value("-1"), Value("7k"), Value(""), Value(1.0),
                                 Value(true), Value(), Value(Value::List{1})}) {
            CHECK(Codec<std::uint16_t>::parse(bad, kAny) == std::nullopt);
        }
    }

    TEST_CASE("a number lies in its type and in its row's bounds, ends included") {
        constexpr NumberRange kRange{1, 64};

        CHECK(Codec<std::uint8_t>::parse(255, kAny) == std::uint8_t{255});
        CHECK(Codec<std::uint8_t>::parse(256, kAny) == std::nullopt);
        CHECK(Codec<std::uint32_t>::parse(std::uint64_t{1} << 32U, kAny) == std::nullopt);
        CHECK(Codec<std::uint16_t>::parse(0, kRange) == std::nullopt);
        CHECK(Codec<std::uint16_t>::parse(1, kRange) == std::uint16_t{1});
        CHECK(Codec<std::uint16_t>::parse(64, kRange) == std::uint16_t{64});
        CHECK(Codec<std::uint16_t>::parse(65, kRange) == std::nullopt);
        CHECK(Codec<std::uint16_t>::allowed(kRange) == "a number from 1 to 64");
        CHECK(Codec<std::uint8_t>::allowed(kAny) == "a number from 0 to 255");
    }

    TEST_CASE("a string is a text without NUL") {
        CHECK(Codec<std::string>::parse("a b", kAny) == "a b");
        CHECK(Codec<std::string>::parse("", kAny) == "");
        CHECK(Codec<std::string>::parse(std::string("a\0b", 3), kAny) == std::nullopt);
        CHECK(Codec<std::string>::parse(7, kAny) == std::nullopt);
    }

    TEST_CASE("a size property keeps to its bounds and prints as a number") {
        constexpr NumberRange kRange{512, 32768};

        CHECK(Codec<ByteCount>::parse("4k", kRange) == ByteCount{4096});
        CHECK(Codec<ByteCount>::parse(512, kRange) == ByteCount{512});
        CHECK(Codec<ByteCount>::parse("33k", kRange) == std::nullopt);
        CHECK(Codec<ByteCount>::print(ByteCount{4096}) == Value(4096));
    }

    TEST_CASE("an optional is its inner value, or null when it was not given") {
        using Maybe = Codec<std::optional<std::uint16_t>>;

        CHECK(Maybe::print(std::nullopt).is_null());
        CHECK(Maybe::print(std::uint16_t{5}) == Value(5));
        REQUIRE(Maybe::parse(5, kAny).has_value());
        CHECK(*Maybe::parse(5, kAny) == std::uint16_t{5});
        CHECK_FALSE(Maybe::parse("x", kAny).has_value());
    }

    TEST_CASE("what is printed parses back") {
        for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, kMax / 2, kMax}) {
            CHECK(Codec<std::uint64_t>::parse(Codec<std::uint64_t>::print(number), kAny) == number);
        }
        CHECK(Codec<bool>::parse(Codec<bool>::print(true), kAny) == true);
    }
}

}  // namespace siskin
