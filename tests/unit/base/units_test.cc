// SPDX-License-Identifier: Apache-2.0
// Proves base/units.
#include "base/units.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>

namespace siskin {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_SUITE("base/units") {
    TEST_CASE("an address plus a length is the address behind it") {
        CHECK(checked_add(GuestAddress{0x1000}, ByteCount{0x10}) == GuestAddress{0x1010});
        CHECK(checked_add(GuestAddress{0}, ByteCount{0}) == GuestAddress{0});
    }

    TEST_CASE("the last address is reached, the one behind it is not") {
        CHECK(checked_add(GuestAddress{kMax - 1}, ByteCount{1}) == GuestAddress{kMax});
        CHECK(checked_add(GuestAddress{0}, ByteCount{kMax}) == GuestAddress{kMax});
        CHECK(checked_add(GuestAddress{kMax}, ByteCount{1}) == std::nullopt);
        CHECK(checked_add(GuestAddress{1}, ByteCount{kMax}) == std::nullopt);
        CHECK(checked_add(GuestAddress{kMax}, ByteCount{kMax}) == std::nullopt);
    }

    TEST_CASE("sizes are powers of 1024") {
        CHECK(kKiB == 1024);
        CHECK(kMiB == 1048576);
        CHECK(kGiB == 1073741824);
    }
}

}  // namespace siskin
