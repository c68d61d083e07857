// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/srat.
#include "firmware/acpi/srat.h"

#include <doctest/doctest.h>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {
namespace {

// Two nodes with a processor each, of which the second needs an x2APIC entry.
AcpiConfig two_nodes() {
    AcpiConfig config = test::example_config();
    config.apic_ids = {1, 0x1ff};
    config.numa = NumaConfig{2, {0, 1}, {}, {}};
    config.numa->memory = {{0, GuestAddress{0}, ByteCount{kMiB}},
                           {1, GuestAddress{4 * kGiB}, ByteCount{kGiB}},
                           {1, GuestAddress{5 * kGiB}, ByteCount{2 * kGiB}, true}};
    return config;
}

}  // namespace

TEST_SUITE("firmware/acpi/srat") {
    TEST_CASE("processors and memory have their nodes (ACPI 6.4 §5.2.16)") {
        const Bytes srat = build_srat(two_nodes());

        REQUIRE(srat.size() == 48 + 16 + 24 + 3 * 40);
        CHECK(test::byte_sum(srat) == 0);
        CHECK(test::field_at(srat, 36, 4) == 1);
        // Local APIC 1 is in node 0.
        CHECK(test::field_at(srat, 48, 4) == 0x01001000);
        CHECK(test::field_at(srat, 52, 4) == 1);
        // Local x2APIC 0x1ff is in node 1.
        CHECK(test::field_at(srat, 64, 2) == 0x1802);
        CHECK(test::field_at(srat, 68, 4) == 1);
        CHECK(test::field_at(srat, 72, 4) == 0x1ff);
        CHECK(test::field_at(srat, 76, 4) == 1);
        // The second range of memory.
        CHECK(test::field_at(srat, 128, 2) == 0x2801);
        CHECK(test::field_at(srat, 130, 4) == 1);
        CHECK(test::field_at(srat, 136, 8) == 4 * kGiB);
        CHECK(test::field_at(srat, 144, 8) == kGiB);
        CHECK(test::field_at(srat, 156, 4) == 1);
        // Where memory may come: enabled and hot-pluggable.
        CHECK(test::field_at(srat, 196, 4) == 3);
    }

    TEST_CASE("Intel's compiler reads the table") {
        REQUIRE(test::has_acpica());

        const auto trip = test::compile_back(build_srat(two_nodes()));

        CHECK(trip.disassembly.find("Processor Local x2APIC Affinity") != std::string::npos);
        CHECK_MESSAGE(trip.summary.find("Compilation successful") != std::string::npos,
                      trip.summary);
    }
}

}  // namespace siskin::acpi
