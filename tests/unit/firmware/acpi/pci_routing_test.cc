// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/pci_routing.
#include "firmware/acpi/pci_routing.h"

#include <doctest/doctest.h>

using siskin::Gsi;
using siskin::acpi::pci_intx_gsi;

TEST_SUITE("firmware/acpi/pci_routing") {
    TEST_CASE("slots up to 24 rotate over GSI 20 to 23, the chipset's have GSI 16 to 19") {
        static_assert(pci_intx_gsi(0, 0) == Gsi{20});
        static_assert(pci_intx_gsi(1, 0) == Gsi{21});
        static_assert(pci_intx_gsi(1, 3) == Gsi{20});
        CHECK(pci_intx_gsi(24, 0) == Gsi{20});
        CHECK(pci_intx_gsi(24, 3) == Gsi{23});
        CHECK(pci_intx_gsi(25, 0) == Gsi{16});
        CHECK(pci_intx_gsi(31, 3) == Gsi{19});
    }
}
