// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/slit, and what acpi_tables does with nodes.
#include "firmware/acpi/slit.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "firmware/acpi/acpi_tables.h"
#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {
namespace {

// Nodes for the two processors of the example.
AcpiConfig with_nodes(std::vector<std::uint8_t> distances) {
    AcpiConfig config = test::example_config();
    config.numa = NumaConfig{2, {0, 1}, {}, std::move(distances)};
    return config;
}

bool has_table(const AcpiConfig& config, std::string_view signature) {
    const auto tables = build_acpi_tables(config, GuestAddress{0xe0000}, ByteCount{0x20000});
    REQUIRE(tables.has_value());
    return std::any_of(tables->tables.begin(), tables->tables.end(),
                       [&](const PlacedTable& table) { return table.signature == signature; });
}

}  // namespace

TEST_SUITE("firmware/acpi/slit") {
    TEST_CASE("the matrix is there row by row (ACPI 6.4 §5.2.17)") {
        const Bytes slit = build_slit(*with_nodes({10, 21, 31, 10}).numa);

        REQUIRE(slit.size() == 44 + 4);
        CHECK(test::byte_sum(slit) == 0);
        CHECK(test::field_at(slit, 36, 8) == 2);
        CHECK(test::field_at(slit, 44, 4) == 0x0a1f150a);
    }

    TEST_CASE("nodes bring an SRAT, distances a SLIT, and neither is there without") {
        CHECK_FALSE(has_table(test::example_config(), "SRAT"));
        CHECK(has_table(with_nodes({}), "SRAT"));
        CHECK_FALSE(has_table(with_nodes({}), "SLIT"));
        CHECK(has_table(with_nodes({10, 20, 20, 10}), "SLIT"));
    }

    TEST_CASE("nodes that contradict themselves are refused") {
        const auto is_refused = [](const AcpiConfig& config) {
            return !build_acpi_tables(config, GuestAddress{0xe0000}, ByteCount{0x20000})
                        .has_value();
        };
        AcpiConfig few = with_nodes({});
        few.numa->node_of_processor.pop_back();
        AcpiConfig far = with_nodes({});
        far.numa->memory = {{2, GuestAddress{0}, ByteCount{kMiB}}};

        CHECK(is_refused(few));
        CHECK(is_refused(far));
        CHECK(is_refused(with_nodes({10, 20, 20})));
    }
}

}  // namespace siskin::acpi
