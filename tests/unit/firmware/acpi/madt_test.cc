// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/madt.
#include "firmware/acpi/madt.h"

#include <doctest/doctest.h>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

namespace {

// The interrupt controller structures behind the fixed part, each with its own length.
std::vector<Bytes> structures(const Bytes& madt) {
    std::vector<Bytes> found;
    std::size_t offset = sizeof(Madt);
    while (offset < madt.size()) {
        const std::size_t length = madt.at(offset + 1);
        REQUIRE(length >= 2);
        REQUIRE(offset + length <= madt.size());
        found.emplace_back(madt.begin() + static_cast<std::ptrdiff_t>(offset),
                           madt.begin() + static_cast<std::ptrdiff_t>(offset + length));
        offset += length;
    }
    return found;
}

}  // namespace

TEST_SUITE("firmware/acpi/madt") {
    TEST_CASE("two processors, the I/O APIC, two overrides and the NMI (ACPI 6.4 §5.2.12)") {
        const Bytes madt = build_madt(test::example_config());

        CHECK(test::byte_sum(madt) == 0);
        CHECK(test::field_at(madt, 36, 4) == 0xfee00000);
        CHECK(test::field_at(madt, 40, 4) == 1);
        CHECK(structures(madt) == std::vector<Bytes>{{0, 8, 0, 0, 1, 0, 0, 0},
                                                     {0, 8, 1, 1, 1, 0, 0, 0},
                                                     {1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0},
                                                     {2, 10, 0, 0, 2, 0, 0, 0, 0, 0},
                                                     {2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0},
                                                     {4, 6, 0xff, 0, 0, 1}});
    }

    TEST_CASE("an APIC id above 254 is told by an x2APIC structure (ACPI 6.4 §5.2.12.12)") {
        AcpiConfig config = test::example_config();
        config.apic_ids = {254, 255};

        const std::vector<Bytes> found = structures(build_madt(config));

        CHECK(found.front() == Bytes{0, 8, 0, 254, 1, 0, 0, 0});
        CHECK(found.at(1) == Bytes{9, 16, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0});
        CHECK(found.back() == Bytes{10, 12, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0});
    }
}

}  // namespace siskin::acpi
