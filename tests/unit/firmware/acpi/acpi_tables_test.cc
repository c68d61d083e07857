// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/acpi_tables, each table with Intel's compiler.
#include "firmware/acpi/acpi_tables.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

namespace {

constexpr GuestAddress kBase{0xe0000};
constexpr ByteCount kRoom{0x20000};

AcpiTables build(const AcpiConfig& config) {
    auto tables = build_acpi_tables(config, kBase, kRoom);
    REQUIRE_MESSAGE(tables.has_value(), tables.error().message);
    return *std::move(tables);
}

Bytes content(const AcpiTables& tables, const PlacedTable& table) {
    const auto begin = tables.bytes.begin() + static_cast<std::ptrdiff_t>(table.offset);
    return {begin, begin + static_cast<std::ptrdiff_t>(table.size)};
}

// The table that begins at a guest address, by the length in its header.
Bytes table_at(const AcpiTables& tables, std::uint64_t address) {
    const std::size_t offset = address - tables.base.value();
    const std::size_t length = test::field_at(tables.bytes, offset + 4, 4);
    return content(tables, {"", offset, length});
}

std::string signature(const Bytes& table) {
    return {table.begin(), table.begin() + 4};
}

std::string refusal(const AcpiConfig& config) {
    const auto tables = build_acpi_tables(config, kBase, kRoom);
    REQUIRE_FALSE(tables.has_value());
    return tables.error().message;
}

}  // namespace

TEST_SUITE("firmware/acpi/acpi_tables") {
    TEST_CASE("the chain from the RSDP reaches every table (ACPI 6.4 §5.2)") {
        const AcpiTables tables = build(test::example_config());

        CHECK(tables.rsdp == kBase);
        const Bytes xsdt = table_at(tables, test::field_at(tables.bytes, 24, 8));
        CHECK(signature(xsdt) == "XSDT");
        REQUIRE(xsdt.size() == 36 + 3 * 8);
        const Bytes fadt = table_at(tables, test::field_at(xsdt, 36, 8));
        CHECK(signature(fadt) == "FACP");
        CHECK(signature(table_at(tables, test::field_at(xsdt, 44, 8))) == "APIC");
        CHECK(signature(table_at(tables, test::field_at(xsdt, 52, 8))) == "MCFG");
        CHECK(signature(table_at(tables, test::field_at(fadt, 36, 4))) == "FACS");
        CHECK(signature(table_at(tables, test::field_at(fadt, 140, 8))) == "DSDT");
    }

    TEST_CASE("every table but the FACS sums to zero and none meets another") {
        const AcpiTables tables = build(test::example_config());

        std::size_t free_from = 0;
        for (const PlacedTable& table : tables.tables) {
            CAPTURE(table.signature);
            CHECK(table.offset >= free_from);
            free_from = table.offset + table.size;
            const bool is_summed = table.signature != "FACS";
            CHECK((test::byte_sum(content(tables, table)) == 0) == is_summed);
        }
        CHECK(free_from == tables.bytes.size());
        CHECK(tables.tables.size() == 7);
    }

    TEST_CASE("the FACS is aligned to 64 bytes and the RSDP to 16 (ACPI 6.4 §5.2.10, §5.2.5.1)") {
        const AcpiTables tables = build(test::example_config());

        CHECK((kBase.value() + tables.tables.at(1).offset) % 64 == 0);
        CHECK(tables.tables.at(1).signature == "FACS");
        CHECK(tables.rsdp.value() % 16 == 0);
    }

    TEST_CASE("iasl compiles every table back without an error or a warning" *
              doctest::skip(!test::has_acpica())) {
        AcpiConfig config = test::example_config();
        config.apic_ids = {0, 1, 300};
        const AcpiTables tables = build(config);

        std::size_t compiled = 0;
        for (const PlacedTable& table : tables.tables) {
            const Bytes bytes = content(tables, table);
            const test::RoundTrip result = table.signature == "RSDP"
                                               ? test::RoundTrip{"", "iasl reads no RSDP", bytes}
                                               : test::compile_back(bytes);
            CAPTURE(table.signature);
            CAPTURE(result.summary);
            CHECK((result.summary.find("0 Errors, 0 Warnings, 0 Remarks") != std::string::npos) ==
                  (table.signature != "RSDP"));
            // Behind the header, where iasl names itself as the compiler, nothing differs.
            REQUIRE(result.compiled.size() == bytes.size());
            CHECK(std::equal(bytes.begin() + sizeof(TableHeader), bytes.end(),
                             result.compiled.begin() + sizeof(TableHeader)));
            ++compiled;
        }
        CHECK(compiled == 7);
    }

    TEST_CASE("the largest machine's tables fit the BIOS area") {
        AcpiConfig config = test::example_config();
        config.apic_ids.resize(1024);
        std::iota(config.apic_ids.begin(), config.apic_ids.end(), 0U);

        CHECK(build_acpi_tables(config, kBase, kRoom).has_value());
    }

    TEST_CASE("a room that is too small is an error that says by how much") {
        const auto tables = build_acpi_tables(test::example_config(), kBase, ByteCount{1024});

        REQUIRE_FALSE(tables.has_value());
        CHECK(tables.error().message.find("there are 1024") != std::string::npos);
    }

    TEST_CASE("tables above 4 GiB or misaligned are an error") {
        const AcpiConfig config = test::example_config();

        CHECK_FALSE(build_acpi_tables(config, GuestAddress{0xe0010}, kRoom).has_value());
        CHECK_FALSE(build_acpi_tables(config, GuestAddress{0xfffff000}, kRoom).has_value());
        CHECK_FALSE(build_acpi_tables(config, GuestAddress{~std::uint64_t{63}}, kRoom).has_value());
    }

    TEST_CASE("a machine needs 1 to 4096 processors") {
        AcpiConfig none = test::example_config();
        none.apic_ids.clear();
        AcpiConfig many = test::example_config();
        many.apic_ids.resize(4097);

        CHECK(refusal(none) == "the machine has 0 processors, allowed are 1 to 4096");
        CHECK(refusal(many) == "the machine has 4097 processors, allowed are 1 to 4096");
    }

    TEST_CASE("a memory window over the ECAM, another one, 4 GiB or 2^64 is an error") {
        const AcpiConfig good = test::example_config();
        AcpiConfig over_ecam = good;
        over_ecam.memory_windows[0] = {GuestAddress{0xbfff0000}, ByteCount{0x20000}};
        AcpiConfig twice = good;
        twice.memory_windows.push_back(twice.memory_windows[1]);
        AcpiConfig across = good;
        across.memory_windows[0] = {GuestAddress{0xc0000000}, ByteCount{0x40000001}};
        AcpiConfig wraps = good;
        wraps.memory_windows[1] = {GuestAddress{0x800000000}, ByteCount{~std::uint64_t{0}}};
        AcpiConfig empty = good;
        empty.memory_windows[0].size = ByteCount{0};

        CHECK(refusal(over_ecam).find("meets another window or the ECAM") != std::string::npos);
        CHECK(refusal(twice).find("meets another window or the ECAM") != std::string::npos);
        CHECK(refusal(across).find("crosses 4 GiB") != std::string::npos);
        CHECK(refusal(wraps).find("wraps") != std::string::npos);
        CHECK(refusal(empty).find("is empty") != std::string::npos);
    }

    TEST_CASE("ports, SCI and ECAM out of range are errors") {
        AcpiConfig io = test::example_config();
        io.io_window = {GuestAddress{0x1000}, ByteCount{0xf001}};
        AcpiConfig pm = test::example_config();
        pm.pm.base = 0x610;
        AcpiConfig sci = test::example_config();
        sci.sci = Gsi{16};
        AcpiConfig buses = test::example_config();
        buses.ecam.first_bus = 8;
        buses.ecam.last_bus = 7;
        AcpiConfig ecam = test::example_config();
        ecam.ecam.base = GuestAddress{0xb0000800};

        CHECK(refusal(io).find("above port 0xffff") != std::string::npos);
        CHECK(refusal(pm).find("no multiple of 128") != std::string::npos);
        CHECK(refusal(sci) == "the SCI is GSI 16, the most is 15");
        CHECK(refusal(buses).find("before its first bus 8") != std::string::npos);
        CHECK(refusal(ecam).find("no multiple of 1 MiB") != std::string::npos);
    }
}

}  // namespace siskin::acpi
