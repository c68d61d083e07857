// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/fadt.
#include "firmware/acpi/fadt.h"

#include <doctest/doctest.h>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

namespace {

Bytes build(const AcpiConfig& config) {
    return build_fadt(config, GuestAddress{0xe0040}, GuestAddress{0xe0080});
}

Bytes part(const Bytes& table, std::ptrdiff_t offset, std::ptrdiff_t size) {
    return {table.begin() + offset, table.begin() + offset + size};
}

}  // namespace

TEST_SUITE("firmware/acpi/fadt") {
    TEST_CASE("it is revision 6.4 and names FACS and DSDT (ACPI 6.4 §5.2.9)") {
        const Bytes fadt = build(test::example_config());

        REQUIRE(fadt.size() == 276);
        CHECK(test::byte_sum(fadt) == 0);
        CHECK(fadt[8] == 6);
        CHECK(fadt[131] == 4);
        CHECK(test::field_at(fadt, 36, 4) == 0xe0040);
        CHECK(test::field_at(fadt, 132, 8) == 0);
        CHECK(test::field_at(fadt, 40, 4) == 0xe0080);
        CHECK(test::field_at(fadt, 140, 8) == 0xe0080);
    }

    TEST_CASE("the ICH9 register block is told twice, the same both times") {
        const Bytes fadt = build(test::example_config());

        CHECK(test::field_at(fadt, 46, 2) == 9);
        CHECK(test::field_at(fadt, 56, 4) == 0x600);
        CHECK(test::field_at(fadt, 64, 4) == 0x604);
        CHECK(test::field_at(fadt, 76, 4) == 0x608);
        CHECK(test::field_at(fadt, 80, 4) == 0x620);
        CHECK(part(fadt, 88, 7) == Bytes{4, 2, 0, 4, 16, 0, 0});
        CHECK(part(fadt, 148, 12) == Bytes{1, 32, 0, 2, 0x00, 0x06, 0, 0, 0, 0, 0, 0});
        CHECK(part(fadt, 172, 12) == Bytes{1, 16, 0, 2, 0x04, 0x06, 0, 0, 0, 0, 0, 0});
        CHECK(part(fadt, 208, 12) == Bytes{1, 32, 0, 3, 0x08, 0x06, 0, 0, 0, 0, 0, 0});
        CHECK(part(fadt, 220, 12) == Bytes{1, 128, 0, 1, 0x20, 0x06, 0, 0, 0, 0, 0, 0});
    }

    TEST_CASE("the reset register is one byte of port 0xcf9 (ACPI 6.4 §4.8.3.6)") {
        const Bytes fadt = build(test::example_config());

        CHECK(part(fadt, 116, 13) == Bytes{1, 8, 0, 1, 0xf9, 0x0c, 0, 0, 0, 0, 0, 0, 0x06});
        CHECK((test::field_at(fadt, 112, 4) & (1U << 10)) != 0);
    }

    TEST_CASE("the power button is the fixed one and the timer has 24 bits") {
        const Bytes fadt = build(test::example_config());

        CHECK((test::field_at(fadt, 112, 4) & (1U << 4)) == 0);
        CHECK((test::field_at(fadt, 112, 4) & (1U << 5)) != 0);
        CHECK((test::field_at(fadt, 112, 4) & (1U << 8)) == 0);
    }

    TEST_CASE("boot flags follow the devices that are there (ACPI 6.4 §5.2.9.3)") {
        AcpiConfig bare = test::example_config();
        bare.com1_present = false;
        bare.rtc_present = false;
        AcpiConfig full = test::example_config();
        full.i8042_present = true;
        full.vga_present = true;
        full.pm.timer_is_32_bit = true;

        CHECK(test::field_at(build(test::example_config()), 109, 2) == 0x05);
        CHECK(test::field_at(build(bare), 109, 2) == 0x24);
        CHECK(test::field_at(build(full), 109, 2) == 0x03);
        CHECK((test::field_at(build(full), 112, 4) & (1U << 8)) != 0);
        CHECK(build(full)[108] == 0x32);
        CHECK(build(bare)[108] == 0);
    }
}

}  // namespace siskin::acpi
