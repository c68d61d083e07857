// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/dsdt, with Intel's AML interpreter.
#include "firmware/acpi/dsdt.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

namespace {

constexpr const char* kHostBridge = "(5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66)";
constexpr const char* kSomethingElse = "(00 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66)";

std::string osc(const std::string& uuid, int revision, int dwords, const std::string& buffer) {
    return "\\_SB.PCI0._OSC " + uuid + " " + std::to_string(revision) + " " +
           std::to_string(dwords) + " (" + buffer + ")";
}

std::vector<std::string> evaluate(const std::vector<std::string>& expressions) {
    return test::evaluate(build_dsdt(test::example_config()), expressions);
}

std::string disassembly(const AcpiConfig& config) {
    return test::compile_back(build_dsdt(config)).disassembly;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("firmware/acpi/dsdt" * doctest::skip(!test::has_acpica())) {
    // The buffers hold status, support and control.
    TEST_CASE("_OSC grants what is asked and masks the rest (PCI Firmware 3.3 §4.5.1)") {
        CHECK(evaluate({osc(kHostBridge, 1, 3, "00 00 00 00 1F 00 00 00 1D 00 00 00"),
                        osc(kHostBridge, 1, 3, "00 00 00 00 1F 00 00 00 01 00 00 00"),
                        osc(kHostBridge, 1, 3, "01 00 00 00 1F 00 00 00 FF FF FF FF")}) ==
              std::vector<std::string>{"00 00 00 00 1F 00 00 00 1D 00 00 00",
                                       "00 00 00 00 1F 00 00 00 01 00 00 00",
                                       "11 00 00 00 1F 00 00 00 1D 00 00 00"});
    }

    TEST_CASE("_OSC refuses another UUID, revision or too short a buffer (ACPI 6.4 §6.2.11)") {
        CHECK(evaluate({osc(kSomethingElse, 1, 3, "00 00 00 00 1F 00 00 00 1D 00 00 00"),
                        osc(kHostBridge, 2, 3, "00 00 00 00 1F 00 00 00 1D 00 00 00"),
                        osc(kHostBridge, 1, 2, "00 00 00 00 1F 00 00 00")}) ==
              std::vector<std::string>{"04 00 00 00 1F 00 00 00 1D 00 00 00",
                                       "08 00 00 00 1F 00 00 00 1D 00 00 00",
                                       "02 00 00 00 1F 00 00 00"});
    }

    TEST_CASE("the ECAM is a motherboard resource below \\_SB (PCI Firmware 3.3 §4.1.2)") {
        AcpiConfig high = test::example_config();
        high.ecam.base = GuestAddress{0x1000000000};

        const std::string low_text = disassembly(test::example_config());
        const std::string high_text = disassembly(high);

        CHECK(contains(low_text, "EisaId (\"PNP0C02\")"));
        CHECK(contains(low_text, "0xB0000000,         // Address Base"));
        CHECK(contains(low_text, "0x10000000,         // Address Length"));
        CHECK(contains(high_text, "QWordMemory (ResourceConsumer"));
        CHECK(contains(high_text, "0x0000001000000000, // Range Minimum"));
    }

    TEST_CASE("devices that are absent leave no node") {
        AcpiConfig bare = test::example_config();
        bare.com1_present = false;
        bare.rtc_present = false;

        CHECK(contains(disassembly(test::example_config()), "Device (COM1)"));
        CHECK(contains(disassembly(test::example_config()), "Device (RTC)"));
        CHECK_FALSE(contains(disassembly(bare), "Device (COM1)"));
        CHECK_FALSE(contains(disassembly(bare), "Device (RTC)"));
    }

    TEST_CASE("the I/O window leaves the configuration ports out") {
        const std::string text = disassembly(test::example_config());

        CHECK(contains(text, "0x0CF7,             // Range Maximum"));
        CHECK(contains(text, "0x0D00,             // Range Minimum"));
        CHECK(contains(text, "0xFFFF,             // Range Maximum"));
    }

    TEST_CASE("an expander is a host bridge with buses and windows of its own (PCI Firmware 3.3)") {
        AcpiConfig config = test::example_config();
        config.memory_windows = {{GuestAddress{0xc0000000}, ByteCount{0x3ec00000}}};
        PciExpander expander;
        expander.first_bus = 0x80;
        expander.memory_windows = {{GuestAddress{0xd0000000}, ByteCount{0x2000000}}};
        expander.io_window = PciWindow{GuestAddress{0x4000}, ByteCount{0x1000}};
        config.expanders.push_back(expander);

        const std::string text = disassembly(config);
        const std::string first = text.substr(
            text.find("Device (PCI0)"), text.find("Device (PC80)") - text.find("Device (PCI0)"));
        const std::string second = text.substr(text.find("Device (PC80)"));
        const std::vector<std::string> values =
            test::evaluate(build_dsdt(config), {"\\_SB.PC80._BBN", "\\_SB.PCI0._BBN"});

        REQUIRE(values.size() == 2);
        CHECK(contains(values[0], "0000000000000080"));
        CHECK(contains(values[1], "0000000000000000"));
        CHECK(contains(first, "0x007F,             // Range Maximum"));
        CHECK(contains(first, "0xCFFFFFFF,         // Range Maximum"));
        CHECK(contains(first, "0xD2000000,         // Range Minimum"));
        CHECK(contains(first, "0x3FFF,             // Range Maximum"));
        CHECK(contains(first, "0x5000,             // Range Minimum"));
        CHECK(contains(second, "0x0080,             // Range Minimum"));
        CHECK(contains(second, "0x00FF,             // Range Maximum"));
        CHECK(contains(second, "0xD1FFFFFF,         // Range Maximum"));
        CHECK(contains(second, "0x4FFF,             // Range Maximum"));
        CHECK(contains(second, "_PRT"));
    }

    TEST_CASE("each processor is a device with the MADT's processor UID (ACPI 6.4 §8.4)") {
        AcpiConfig config = test::example_config();
        config.apic_ids.resize(0x12);

        const std::vector<std::string> uids =
            test::evaluate(build_dsdt(config), {"\\_SB.C000._UID", "\\_SB.C011._UID"});

        REQUIRE(uids.size() == 2);
        CHECK(contains(uids[0], "0000000000000000"));
        CHECK(contains(uids[1], "0000000000000011"));
        CHECK_FALSE(contains(disassembly(config), "Device (C012)"));
    }
}

}  // namespace siskin::acpi
