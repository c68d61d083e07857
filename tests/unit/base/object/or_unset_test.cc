// SPDX-License-Identifier: Apache-2.0
// Proves base/object/or_unset.
#include "base/object/or_unset.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>

namespace siskin {
namespace {

using Queues = OrUnset<std::uint16_t, 0xffff>;
using Index = OrUnset<std::uint32_t, -1>;
using Reserve = OrUnset<ByteCount, ~std::uint64_t{0}>;
using BlockSize = OrUnset<ByteCount, 0>;

constexpr NumberRange kToSeven{1, 7};

}  // namespace

TEST_SUITE("base/object/or_unset") {
    TEST_CASE("one that is not set is shown as its number, of the type's sign and width") {
        CHECK(Codec<Queues>::print({}) == Value(65535));
        CHECK(Codec<Index>::print({}) == Value(-1));
        CHECK(Codec<Reserve>::print({}) == Value(~std::uint64_t{0}));
        CHECK(Codec<BlockSize>::print({}) == Value(0));
        CHECK(Codec<Queues>::type_name == "uint16");
        CHECK(Codec<Index>::type_name == "int32");
        CHECK(Codec<Reserve>::type_name == "size");
    }

    TEST_CASE("that number leaves it unset, outside the row's bounds or not, also as text") {
        for (const Value& value : {Value(65535), Value("65535"), Value("0xffff")}) {
            const auto parsed = Codec<Queues>::parse(value, kToSeven);
            REQUIRE(parsed.has_value());
            CHECK_FALSE(parsed->has_value());
        }
        for (const Value& value : {Value(-1), Value("-1")}) {
            const auto parsed = Codec<Index>::parse(value, kToSeven);
            REQUIRE(parsed.has_value());
            CHECK_FALSE(parsed->has_value());
        }
    }

    TEST_CASE("any other number is set, and is shown as it is") {
        const auto parsed = Codec<Queues>::parse("7", kToSeven);
        REQUIRE(parsed.has_value());
        CHECK(**parsed == 7);
        CHECK(Codec<Queues>::print(*parsed) == Value(7));
        CHECK(Codec<Index>::parse(3, kToSeven).value().value() == 3U);
    }

    TEST_CASE("it is assigned as an optional is, of its own type and of others") {
        Queues queues;
        const std::uint16_t two = 2;
        queues = two;
        CHECK(queues == 2);
        queues = 3;
        CHECK(queues == 3);
        queues = std::nullopt;
        CHECK_FALSE(queues.has_value());
    }

    TEST_CASE("numbers outside the bounds, other signs and other kinds are refused") {
        CHECK_FALSE(Codec<Queues>::parse(8, kToSeven));
        CHECK_FALSE(Codec<Queues>::parse(-1, kToSeven));
        CHECK_FALSE(Codec<Queues>::parse(0, kToSeven));
        CHECK_FALSE(Codec<Index>::parse(-2, kToSeven));
        CHECK_FALSE(Codec<Index>::parse("4294967295", kToSeven));
        CHECK_FALSE(Codec<Queues>::parse(true, kToSeven));
        CHECK_FALSE(Codec<Queues>::parse(Value(), kToSeven));
    }
}

}  // namespace siskin
