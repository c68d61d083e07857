// SPDX-License-Identifier: Apache-2.0
// Proves pci/properties.
#include "pci/properties.h"

#include <doctest/doctest.h>

#include <array>

using namespace siskin;

namespace {

constexpr std::array kGroups{group_of_whole(kPciProperties)};

}  // namespace

TEST_SUITE("pci/properties") {
    TEST_CASE(
        "addr, multifunction, bus, romfile and rombar are taken as the command line has them") {
        PciProperties properties;

        REQUIRE(set_property(kGroups, &properties, "T", "addr", "0x1e.2"));
        REQUIRE(set_property(kGroups, &properties, "T", "multifunction", "on"));
        REQUIRE(set_property(kGroups, &properties, "T", "romsize", "4096"));
        REQUIRE(set_property(kGroups, &properties, "T", "bus", "rp1"));
        REQUIRE(set_property(kGroups, &properties, "T", "romfile", ""));
        REQUIRE(set_property(kGroups, &properties, "T", "rombar", "0"));

        CHECK(properties.addr == DevFn::of(30, 2));
        CHECK(properties.multifunction);
        CHECK(properties.bus == "rp1");
        CHECK(properties.rombar == 0);
        CHECK(properties.romsize == 4096U);
    }

    TEST_CASE("an addr that does not exist is refused with what is allowed") {
        PciProperties properties;

        const Result<> result = set_property(kGroups, &properties, "T", "addr", "20");

        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().message ==
              "Property 'T.addr' doesn't take value '20', allowed is slot[.function] in "
              "hexadecimal, slot 0 to 1f, function 0 to 7");
        CHECK_FALSE(properties.addr.has_value());
    }
}
