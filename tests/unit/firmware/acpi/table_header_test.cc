// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/table_header.
#include "firmware/acpi/table_header.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

TEST_SUITE("firmware/acpi/table_header") {
    TEST_CASE("a finished table carries its length and sums to zero (ACPI 6.4 §5.2.6)") {
        Bytes table;
        append_object(table, make_header("TEST", 3));
        table.insert(table.end(), {1, 2, 3});

        const Bytes finished = finish_table(table);

        CHECK(finished.size() == 39);
        CHECK(test::field_at(finished, 4, 4) == 39);
        CHECK(test::byte_sum(finished) == 0);
    }

    TEST_CASE("finishing a table twice changes nothing") {
        Bytes table;
        append_object(table, make_header("TEST", 3));

        const Bytes once = finish_table(table);

        CHECK(finish_table(once) == once);
    }

    TEST_CASE("a header names the table, its revision and its maker") {
        Bytes table;
        append_object(table, make_header("TEST", 3));

        CHECK(std::string(table.begin(), table.begin() + 4) == "TEST");
        CHECK(table[8] == 3);
        CHECK(std::string(table.begin() + 10, table.begin() + 24) == "SISKINSISKINPC");
    }

    TEST_CASE("the checksum of nothing and of zeros is zero") {
        CHECK(checksum_of({}) == 0);
        CHECK(checksum_of(Bytes{0, 0}) == 0);
        CHECK(checksum_of(Bytes{1}) == 0xff);
        CHECK(checksum_of(Bytes{0x80, 0x80, 0x01}) == 0xff);
    }
}

}  // namespace siskin::acpi
