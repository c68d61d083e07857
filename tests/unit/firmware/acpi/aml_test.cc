// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/aml.
#include "firmware/acpi/aml.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

namespace {

Bytes definition_block(const AmlList& terms) {
    Bytes bytes;
    append_object(bytes, make_header("SSDT", 2));
    for (const Aml& term : terms) {
        bytes.insert(bytes.end(), term.bytes.begin(), term.bytes.end());
    }
    return finish_table(bytes);
}

// A table with one of everything the encoder knows.
Bytes table_of_everything() {
    return definition_block(
        {aml::name("\\TXT", aml::string("hello")), aml::name("\\BUFF", aml::buffer({1, 2, 3})),
         aml::name("\\BIG", aml::integer(0x123456789abcdef0)),
         aml::scope(
             "\\_SB",
             {aml::device(
                 "DEV0",
                 {aml::name("_HID", aml::eisa_id("PNP0C02")), aml::name("_UID", aml::integer(7)),
                  aml::operation_region("REGS", aml::RegionSpace::SystemIo, 0x600, 0x80),
                  aml::field("REGS", aml::FieldAccess::Dword,
                             {{"FLD0", 32}, {"", 100}, {"FLD1", 28}}),
                  aml::method("READ", 1, aml::Serialize::No,
                              {aml::if_true(aml::less(aml::argument(0), aml::integer(5)),
                                            {aml::store(aml::path("FLD0"), aml::local(0)),
                                             aml::return_value(aml::local(0))}),
                               aml::otherwise({aml::bit_or(aml::argument(0), aml::integer(0x100),
                                                           aml::local(1)),
                                               aml::return_value(aml::local(1))})}),
                  aml::method("MASK", 2, aml::Serialize::No,
                              {aml::bit_and(aml::argument(0), aml::argument(1), aml::local(7)),
                               aml::if_true(
                                   aml::logical_not(aml::equal(aml::local(7), aml::argument(0))),
                                   {aml::return_value(aml::integer(0))}),
                               aml::return_value(aml::local(7))}),
                  aml::method("FRST", 1, aml::Serialize::Yes,
                              {aml::create_dword_field(aml::argument(0), 0, "DW0"),
                               aml::return_value(aml::path("DW0"))})})})});
}

}  // namespace

TEST_SUITE("firmware/acpi/aml") {
    TEST_CASE("an integer takes the shortest encoding (ACPI 6.4 §20.2.3)") {
        CHECK(aml::integer(0).bytes == Bytes{0x00});
        CHECK(aml::integer(1).bytes == Bytes{0x01});
        CHECK(aml::integer(2).bytes == Bytes{0x0a, 0x02});
        CHECK(aml::integer(0xff).bytes == Bytes{0x0a, 0xff});
        CHECK(aml::integer(0x100).bytes == Bytes{0x0b, 0x00, 0x01});
        CHECK(aml::integer(0xffff).bytes == Bytes{0x0b, 0xff, 0xff});
        CHECK(aml::integer(0x10000).bytes == Bytes{0x0c, 0x00, 0x00, 0x01, 0x00});
        CHECK(aml::integer(0x100000000).bytes == Bytes{0x0e, 0, 0, 0, 0, 1, 0, 0, 0});
        CHECK(aml::integer(~std::uint64_t{0}).bytes == Bytes{0xff});
    }

    TEST_CASE("names are padded, prefixed and counted (ACPI 6.4 §20.2.2)") {
        CHECK(aml::path("PCI0").bytes == Bytes{'P', 'C', 'I', '0'});
        CHECK(aml::path("\\_SB").bytes == Bytes{'\\', '_', 'S', 'B', '_'});
        CHECK(aml::path("^^A").bytes == Bytes{'^', '^', 'A', '_', '_', '_'});
        CHECK(aml::path("A.B").bytes == Bytes{0x2e, 'A', '_', '_', '_', 'B', '_', '_', '_'});
        CHECK(aml::path("A.B.C").bytes ==
              Bytes{0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', '_', '_', '_'});
        CHECK(aml::path("\\").bytes == Bytes{'\\', 0});
    }

    TEST_CASE("a package length counts itself at each of its widths (ACPI 6.4 §20.2.4)") {
        // Buffer: opcode, length, integer of the size, content.
        CHECK(aml::buffer(Bytes(60)).bytes.size() == 1 + 1 + 2 + 60);
        CHECK(aml::buffer(Bytes(60)).bytes[1] == 0x3f);
        CHECK(aml::buffer(Bytes(61)).bytes.size() == 1 + 2 + 2 + 61);
        CHECK(aml::buffer(Bytes(61)).bytes[1] == 0x41);
        CHECK(aml::buffer(Bytes(61)).bytes[2] == 0x04);
        // 3 + 4090 + 2 = 0xfff is the most that two bytes hold
        CHECK(aml::buffer(Bytes(4090)).bytes.size() == 1 + 2 + 3 + 4090);
        CHECK(aml::buffer(Bytes(4091)).bytes.size() == 1 + 3 + 3 + 4091);
        CHECK((aml::buffer(Bytes(4091)).bytes[1] & 0xc0) == 0x80);
    }

    TEST_CASE("an EISA id is a compressed integer (ACPI 6.4 §19.3.4)") {
        CHECK(aml::eisa_id("PNP0A08").bytes == Bytes{0x0c, 0x41, 0xd0, 0x0a, 0x08});
        CHECK(aml::eisa_id("PNP0501").bytes == Bytes{0x0c, 0x41, 0xd0, 0x05, 0x01});
    }

    TEST_CASE("a UUID is sixteen bytes in mixed order (ACPI 6.4 §19.6.142)") {
        const Aml uuid = aml::uuid("00112233-4455-6677-8899-aabbccddeeff");

        CHECK(uuid.bytes == Bytes{0x11, 0x13, 0x0a, 0x10, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44,
                                  0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff});
    }

    TEST_CASE("one of everything comes back from iasl byte for byte" *
              doctest::skip(!test::has_acpica())) {
        const Bytes table = table_of_everything();

        const test::RoundTrip result = test::compile_back(table);

        CHECK(result.summary ==
              "Compilation successful. 0 Errors, 0 Warnings, 0 Remarks, 0 Optimizations");
        REQUIRE(result.compiled.size() == table.size());
        CHECK(std::equal(table.begin() + sizeof(TableHeader), table.end(),
                         result.compiled.begin() + sizeof(TableHeader)));
    }
}

}  // namespace siskin::acpi
