// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/e820.
#include "firmware/linux/e820.h"

#include <doctest/doctest.h>

namespace siskin {

namespace {

E820Entry entry(std::uint64_t base, std::uint64_t size, E820Type type) {
    return {GuestAddress{base}, ByteCount{size}, type};
}

}  // namespace

TEST_SUITE("firmware/linux/e820") {
    TEST_CASE("RAM leaves the legacy area out and what the board reserves is sorted in") {
        const RamLayout ram{ByteCount{0x80000000}, ByteCount{0x40000000}};

        const auto map = build_e820(ram, {entry(0xfeffc000, 0x4000, E820Type::Reserved),
                                          entry(0xb0000000, 0x10000000, E820Type::Reserved)});

        REQUIRE(map.has_value());
        CHECK(*map == std::vector<E820Entry>{entry(0, 0x9fc00, E820Type::Ram),
                                             entry(0x9fc00, 0x400, E820Type::Reserved),
                                             entry(0xe0000, 0x20000, E820Type::Reserved),
                                             entry(0x100000, 0x7ff00000, E820Type::Ram),
                                             entry(0xb0000000, 0x10000000, E820Type::Reserved),
                                             entry(0xfeffc000, 0x4000, E820Type::Reserved),
                                             entry(0x100000000, 0x40000000, E820Type::Ram)});
    }

    TEST_CASE("exactly 1 MiB of RAM has no range above it, less is an error") {
        CHECK(build_e820({ByteCount{0x100000}, ByteCount{0}}, {}).value().size() == 3);
        CHECK_FALSE(build_e820({ByteCount{0xfffff}, ByteCount{0}}, {}).has_value());
    }

    TEST_CASE("ranges that meet, wrap, are empty or too many are errors") {
        const RamLayout ram{ByteCount{0x80000000}, ByteCount{0}};
        std::vector<E820Entry> many;
        for (std::uint64_t index = 0; index < 125; ++index) {
            many.push_back(entry(0x80000000 + index * 0x1000, 0x1000, E820Type::Reserved));
        }

        CHECK_FALSE(build_e820(ram, {entry(0x7ffff000, 0x2000, E820Type::Reserved)}).has_value());
        CHECK_FALSE(
            build_e820(ram, {entry(0xfffffffffffff000, 0x2000, E820Type::Reserved)}).has_value());
        CHECK_FALSE(build_e820(ram, {entry(0xb0000000, 0, E820Type::Reserved)}).has_value());
        CHECK_FALSE(build_e820(ram, many).has_value());
        many.pop_back();
        CHECK(build_e820(ram, many).value().size() == kE820EntriesMax);
    }
}

}  // namespace siskin
