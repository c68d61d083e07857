// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/mcfg.
#include "firmware/acpi/mcfg.h"

#include <doctest/doctest.h>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

TEST_SUITE("firmware/acpi/mcfg") {
    TEST_CASE("one allocation tells base and buses (PCI Firmware 3.3 §4.1.2)") {
        const Bytes mcfg = build_mcfg({GuestAddress{0xb0000000}, 0, 0x7f});

        REQUIRE(mcfg.size() == 44 + 16);
        CHECK(test::byte_sum(mcfg) == 0);
        CHECK(test::field_at(mcfg, 44, 8) == 0xb0000000);
        CHECK(test::field_at(mcfg, 52, 2) == 0);
        CHECK(mcfg[54] == 0);
        CHECK(mcfg[55] == 0x7f);
    }
}

}  // namespace siskin::acpi
