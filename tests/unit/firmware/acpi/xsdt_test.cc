// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/xsdt.
#include "firmware/acpi/xsdt.h"

#include <doctest/doctest.h>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

TEST_SUITE("firmware/acpi/xsdt") {
    TEST_CASE("each table is a 64-bit address behind the header (ACPI 6.4 §5.2.8)") {
        const Bytes xsdt = build_xsdt({GuestAddress{0xe1000}, GuestAddress{0x123456789}});

        REQUIRE(xsdt.size() == 36 + 2 * 8);
        CHECK(xsdt[8] == 1);
        CHECK(test::byte_sum(xsdt) == 0);
        CHECK(test::field_at(xsdt, 36, 8) == 0xe1000);
        CHECK(test::field_at(xsdt, 44, 8) == 0x123456789);
    }
}

}  // namespace siskin::acpi
