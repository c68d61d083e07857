// SPDX-License-Identifier: Apache-2.0
// Proves base/endian.
#include "base/endian.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>

namespace siskin {
namespace {

struct Packed {
    std::uint8_t before;
    ule32 number;
};
static_assert(sizeof(Packed) == 5 && alignof(Packed) == 1);
static_assert(sizeof(le16) == 2 && alignof(le16) == 2);
static_assert(sizeof(le32) == 4 && alignof(le32) == 4);
static_assert(sizeof(le64) == 8 && alignof(le64) == 8);
static_assert(sizeof(ule16) == 2 && sizeof(ule32) == 4);

}  // namespace

TEST_SUITE("base/endian") {
    TEST_CASE("the lowest byte is stored first") {
        using Bytes = std::array<std::uint8_t, 4>;

        CHECK(std::bit_cast<Bytes>(le32(0x0403'0201)) == Bytes{1, 2, 3, 4});
        CHECK(std::bit_cast<Bytes>(ule32(0x0403'0201)) == Bytes{1, 2, 3, 4});
    }

    TEST_CASE("a field reads as what was assigned, at both ends of its range") {
        le16 small = 0xffff;
        le64 large = ~std::uint64_t{0};
        ule64 unaligned = 0x0102'0304'0506'0708;

        CHECK(small == 0xffff);
        CHECK(large.value() == ~std::uint64_t{0});
        CHECK(unaligned.value() == 0x0102'0304'0506'0708);
        CHECK(le32().value() == 0);
        CHECK(ule16().value() == 0);
    }
}

}  // namespace siskin
