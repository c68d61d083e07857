// SPDX-License-Identifier: Apache-2.0
// Proves base/strong.
#include "base/strong.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <type_traits>
#include <unordered_set>

namespace siskin {
namespace {

using Apples = Strong<struct ApplesTag, std::uint32_t>;
using Pears = Strong<struct PearsTag, std::uint32_t>;

static_assert(!std::is_convertible_v<std::uint32_t, Apples>);
static_assert(!std::is_convertible_v<Apples, std::uint32_t>);
static_assert(!std::is_convertible_v<Apples, Pears>);
static_assert(!std::is_constructible_v<Apples, Pears>);
static_assert(!std::is_assignable_v<Apples&, Pears>);
static_assert(sizeof(Apples) == sizeof(std::uint32_t));
static_assert(std::is_trivially_copyable_v<Apples>);

}  // namespace

TEST_SUITE("base/strong") {
    TEST_CASE("a number goes in and out by name, and is zero by default") {
        CHECK(Apples(7).value() == 7);
        CHECK(Apples().value() == 0);
    }

    TEST_CASE("numbers of one kind are ordered") {
        CHECK(Apples(1) < Apples(2));
        CHECK(Apples(2) >= Apples(2));
        CHECK(Apples(2) == Apples(2));
        CHECK(Apples(2) != Apples(3));
    }

    TEST_CASE("numbers of one kind are keys of a hashed set") {
        const std::unordered_set<Apples> set{Apples(1), Apples(2), Apples(1)};

        CHECK(set.size() == 2);
        CHECK(set.contains(Apples(2)));
        CHECK_FALSE(set.contains(Apples(3)));
    }
}

}  // namespace siskin
