// SPDX-License-Identifier: Apache-2.0
// Proves base/bits.
#include "base/bits.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

namespace siskin {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_SUITE("base/bits") {
    TEST_CASE("powers of two are those with one bit set, zero is none") {
        CHECK_FALSE(is_power_of_two(0));
        CHECK_FALSE(is_power_of_two(3));
        CHECK_FALSE(is_power_of_two(kMax));
        for (unsigned bit = 0; bit < 64; ++bit) {
            CHECK(is_power_of_two(std::uint64_t{1} << bit));
        }
    }

    TEST_CASE("aligning keeps what is aligned and moves the rest to its neighbour") {
        CHECK(align_up(0, 4096) == 0);
        CHECK(align_up(1, 4096) == 4096);
        CHECK(align_up(4096, 4096) == 4096);
        CHECK(align_up(4097, 4096) == 8192);
        CHECK(align_down(4095, 4096) == 0);
        CHECK(align_down(4096, 4096) == 4096);
        CHECK(align_up(7, 1) == 7);
    }

    TEST_CASE("aligning up wraps to zero past the last aligned number") {
        CHECK(align_up(kMax - 4095, 4096) == kMax - 4095);
        CHECK(align_up(kMax - 4094, 4096) == 0);
        CHECK(align_down(kMax, 4096) == kMax - 4095);
    }

    TEST_CASE("is_aligned agrees with align_down") {
        CHECK(is_aligned(0, 16));
        CHECK(is_aligned(32, 16));
        CHECK_FALSE(is_aligned(33, 16));
    }

    TEST_CASE("all ones fill the width and no more") {
        CHECK(all_ones(1) == 0xff);
        CHECK(all_ones(2) == 0xffff);
        CHECK(all_ones(4) == 0xffff'ffff);
        CHECK(all_ones(7) == kMax >> 8U);
        CHECK(all_ones(8) == kMax);
        CHECK(all_ones(9) == kMax);
    }
}

}  // namespace siskin
