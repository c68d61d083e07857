// SPDX-License-Identifier: Apache-2.0
// Proves pci/bar.
#include "pci/bar.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include "pci/spec.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

class Echo : public IoHandler {
public:
    std::uint64_t read(IoAccess access) override { return access.offset; }
    void write(IoAccess access, std::uint64_t value) override {
        last = access;
        last_value = value;
    }
    IoAccess last{};
    std::uint64_t last_value = 0;
};

// A BAR 0 alone in its configuration space, written as a guest does.
struct LoneBar {
    LoneBar(BarKind kind, std::uint64_t size, bool prefetchable = false)
        : bar(config, 0, BarSpec{kind, prefetchable, ByteCount{size}, &echo}) {}

    void write(std::size_t offset, unsigned width, std::uint64_t value) {
        config.write(offset, width, value);
        bar.note_write(config, offset, width);
    }
    std::optional<std::uint64_t> wanted() const { return bar.wanted(config); }

    Echo echo;
    ConfigSpace config{HeaderType::Endpoint, kConventionalSize};
    Bar bar;
};

}  // namespace

TEST_SUITE("pci/bar") {
    TEST_CASE("writing ones and reading back tells every size and the type (P01)") {
        unsigned wrong = 0;
        for (unsigned shift = 4; shift <= 31; ++shift) {
            LoneBar lone(BarKind::Memory32, std::uint64_t{1} << shift);
            lone.write(kBar0, 4, 0xffffffff);
            wrong += lone.config.get32(kBar0) != (0xffffffffU << shift) ? 1 : 0;
        }
        for (unsigned shift = 4; shift <= 62; ++shift) {
            LoneBar lone(BarKind::Memory64, std::uint64_t{1} << shift, true);
            lone.write(kBar0, 8, ~std::uint64_t{0});
            const std::uint64_t mask = ~std::uint64_t{0} << shift;
            wrong += lone.config.registers().get(kBar0, 8) != (mask | 0xc) ? 1 : 0;
        }
        LoneBar io(BarKind::Io, 64);
        io.write(kBar0, 4, 0xffffffff);

        CHECK(wrong == 0);
        CHECK(io.config.get32(kBar0) == 0xffffffc1);
    }

    TEST_CASE("a BAR at 0 or being sized is not decoded") {
        LoneBar lone(BarKind::Memory32, 0x1000);

        CHECK_FALSE(lone.wanted().has_value());
        lone.write(kBar0, 4, 0xffffffff);
        CHECK_FALSE(lone.wanted().has_value());
        lone.write(kBar0, 4, 0xe0000fff);
        CHECK(lone.wanted() == 0xe0000000);
    }

    TEST_CASE("an address of an old and a new half is never decoded (P01)") {
        LoneBar lone(BarKind::Memory64, 0x4000);
        lone.write(kBar0, 8, 0x1'e0000000);
        REQUIRE(lone.wanted() == 0x1'e0000000);

        SUBCASE("low, then high") {
            lone.write(kBar0, 4, 0xc0000000);
            CHECK_FALSE(lone.wanted().has_value());
            lone.write(kBar0 + 4, 4, 0x2);
        }
        SUBCASE("high, then low") {
            lone.write(kBar0 + 4, 4, 0x2);
            CHECK_FALSE(lone.wanted().has_value());
            lone.write(kBar0, 4, 0xc0000000);
        }
        SUBCASE("byte by byte, once both halves are touched") {
            lone.write(kBar0 + 3, 1, 0xc0);
            CHECK_FALSE(lone.wanted().has_value());
            lone.write(kBar0 + 4, 1, 0x2);
        }
        SUBCASE("after both halves were sized") {
            lone.write(kBar0, 4, 0xffffffff);
            lone.write(kBar0 + 4, 4, 0xffffffff);
            lone.write(kBar0 + 4, 4, 0x2);
            CHECK_FALSE(lone.wanted().has_value());
            lone.write(kBar0, 4, 0xc0000000);
        }
        SUBCASE("both at once") {
            lone.write(kBar0, 8, 0x2'c0000000);
        }
        CHECK(lone.wanted() == 0x2'c0000000);
    }

    TEST_CASE("a half written with the value it had counts as written") {
        LoneBar lone(BarKind::Memory64, 0x4000);
        lone.write(kBar0, 4, 0);
        lone.write(kBar0 + 4, 4, 3);

        CHECK(lone.wanted() == 0x3'00000000);
        lone.write(kBar0 + 4, 4, 3);
        lone.write(kBar0, 4, 0x80000000);
        CHECK(lone.wanted() == 0x3'80000000);
    }

    TEST_CASE("a BAR of 4 GiB has no low half to wait for") {
        LoneBar lone(BarKind::Memory64, std::uint64_t{1} << 32);

        lone.write(kBar0 + 4, 4, 7);

        CHECK(lone.wanted() == 0x7'00000000);
    }

    TEST_CASE("one half written alone counts once another register is written") {
        LoneBar lone(BarKind::Memory64, 0x4000);
        lone.write(kBar0, 8, 0x1'e0000000);
        lone.write(kBar0, 4, 0xc0000000);

        lone.write(kCommand, 2, 2);

        CHECK(lone.wanted() == 0x1'c0000000);
    }

    TEST_CASE("sizing one half after the other and restoring ends at the old address") {
        LoneBar lone(BarKind::Memory64, 0x4000);
        lone.write(kBar0, 8, 0x1'e0000000);

        lone.write(kBar0, 4, 0xffffffff);
        CHECK_FALSE(lone.wanted().has_value());
        lone.write(kBar0, 4, 0xe0000000);
        CHECK(lone.wanted() == 0x1'e0000000);
        lone.write(kBar0 + 4, 4, 0xffffffff);
        CHECK_FALSE(lone.wanted().has_value());
        lone.write(kBar0 + 4, 4, 0x1);
        CHECK(lone.wanted() == 0x1'e0000000);
    }

    TEST_CASE("regions get their own offsets; between and across them there is nobody") {
        Echo first;
        Echo second;
        BarRegions regions;
        regions.add(0x0, 0x10, first);
        regions.add(0x20, 0x10, second);

        CHECK(regions.read(IoAccess{0x8, 8}) == 0x8);
        CHECK(regions.read(IoAccess{0x24, 4}) == 0x4);
        CHECK(regions.read(IoAccess{0xc, 8}) == ~std::uint64_t{0});
        CHECK(regions.read(IoAccess{0x10, 2}) == 0xffff);
        CHECK(regions.read(IoAccess{0x1e, 4}) == 0xffffffff);
        CHECK(regions.read(IoAccess{~std::uint64_t{0}, 1}) == 0xff);
        regions.write(IoAccess{0x2c, 4}, 7);
        CHECK(second.last.offset == 0xc);
        CHECK(second.last_value == 7);
        regions.write(IoAccess{0x2e, 4}, 9);
        CHECK(second.last_value == 7);
    }
}
