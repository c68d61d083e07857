// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/rsdp.
#include "firmware/acpi/rsdp.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

TEST_SUITE("firmware/acpi/rsdp") {
    TEST_CASE("both checksums hold and the XSDT is named (ACPI 6.4 §5.2.5.3)") {
        const Bytes rsdp = build_rsdp(GuestAddress{0xe1230});

        REQUIRE(rsdp.size() == 36);
        CHECK(std::string(rsdp.begin(), rsdp.begin() + 8) == "RSD PTR ");
        CHECK(test::byte_sum(Bytes(rsdp.begin(), rsdp.begin() + 20)) == 0);
        CHECK(test::byte_sum(rsdp) == 0);
        CHECK(rsdp[15] == 2);
        CHECK(test::field_at(rsdp, 16, 4) == 0);
        CHECK(test::field_at(rsdp, 20, 4) == 36);
        CHECK(test::field_at(rsdp, 24, 8) == 0xe1230);
    }
}

}  // namespace siskin::acpi
