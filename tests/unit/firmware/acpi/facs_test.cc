// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/facs.
#include "firmware/acpi/facs.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

TEST_SUITE("firmware/acpi/facs") {
    TEST_CASE("it is 64 bytes of version 2 with a free global lock (ACPI 6.4 §5.2.10)") {
        const Bytes facs = build_facs();

        REQUIRE(facs.size() == 64);
        CHECK(std::string(facs.begin(), facs.begin() + 4) == "FACS");
        CHECK(test::field_at(facs, 4, 4) == 64);
        CHECK(test::field_at(facs, 16, 4) == 0);
        CHECK(facs[32] == 2);
    }
}

}  // namespace siskin::acpi
