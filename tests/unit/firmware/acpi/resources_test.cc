// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/resources.
#include "firmware/acpi/resources.h"

#include <doctest/doctest.h>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

TEST_SUITE("firmware/acpi/resources") {
    TEST_CASE("ISA descriptors are small items (ACPI 6.4 §6.4.2)") {
        CHECK(resource::io(0x3f8, 8) == Bytes{0x47, 1, 0xf8, 0x03, 0xf8, 0x03, 1, 8});
        CHECK(resource::irq(4) == Bytes{0x22, 0x10, 0x00});
        CHECK(resource::irq(15) == Bytes{0x22, 0x00, 0x80});
    }

    TEST_CASE("a fixed memory range holds base and length (ACPI 6.4 §6.4.3.4)") {
        CHECK(resource::memory32_fixed(0xb0000000, 0x10000000) ==
              Bytes{0x86, 9, 0, 1, 0, 0, 0, 0xb0, 0, 0, 0, 0x10});
    }

    TEST_CASE("an interrupt tells trigger and polarity (ACPI 6.4 §6.4.3.6)") {
        using resource::Polarity;
        using resource::Trigger;
        CHECK(resource::interrupt(Gsi{20}, Trigger::Level, Polarity::ActiveHigh) ==
              Bytes{0x89, 6, 0, 0x01, 1, 20, 0, 0, 0});
        CHECK(resource::interrupt(Gsi{5}, Trigger::Edge, Polarity::ActiveLow) ==
              Bytes{0x89, 6, 0, 0x07, 1, 5, 0, 0, 0});
    }

    TEST_CASE("address spaces tell first, last and length (ACPI 6.4 §6.4.3.5)") {
        CHECK(resource::word_bus_number(0, 255) ==
              Bytes{0x88, 13, 0, 2, 0x0c, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 1});
        CHECK(resource::word_io(0x0d00, 0xf300) ==
              Bytes{0x88, 13, 0, 1, 0x0c, 3, 0, 0, 0x00, 0x0d, 0xff, 0xff, 0, 0, 0x00, 0xf3});
        const Bytes dword = resource::dword_memory(0xc0000000, 0x1000);
        CHECK(dword.size() == 26);
        CHECK(test::field_at(dword, 10, 4) == 0xc0000000);
        CHECK(test::field_at(dword, 14, 4) == 0xc0000fff);
        CHECK(test::field_at(dword, 22, 4) == 0x1000);
        const Bytes qword =
            resource::qword_memory(0x800000000, 0x800000000, resource::Usage::Consumer);
        CHECK(qword.size() == 46);
        CHECK(qword[4] == 0x0d);
        CHECK(test::field_at(qword, 14, 8) == 0x800000000);
        CHECK(test::field_at(qword, 22, 8) == 0xfffffffff);
        CHECK(test::field_at(qword, 38, 8) == 0x800000000);
    }

    TEST_CASE("a template ends with the end tag (ACPI 6.4 §6.4.2.9)") {
        const Aml empty = resource::make_template({});

        CHECK(empty.bytes == Bytes{0x11, 0x05, 0x0a, 0x02, 0x79, 0x00});
    }
}

}  // namespace siskin::acpi
