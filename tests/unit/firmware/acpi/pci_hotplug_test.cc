// SPDX-License-Identifier: Apache-2.0
// Proves firmware/acpi/pci_hotplug, with Intel's AML interpreter.
#include "firmware/acpi/pci_hotplug.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "firmware/acpi/dsdt.h"
#include "tests/unit/firmware/acpi/acpica.h"

namespace siskin::acpi {

namespace {

// A port at device 1 whose slot takes a device, and in a port at device 2 a bridge with 2 slots.
AcpiConfig config_with_slots() {
    AcpiConfig config = test::example_config();
    config.pci_hotplug = PciHotplugConfig{};
    PciNode port{1U << 16, {}, {}, {}};
    port.hotplug_bus = 0;
    port.children.push_back(PciNode{0, PciNode::Slot{0, 0}, std::nullopt, {}});
    PciNode bridge{0, PciNode::Slot{1, 0}, 2, {}};
    bridge.children.push_back(PciNode{3U << 16, PciNode::Slot{2, 3}, std::nullopt, {}});
    PciNode other{2U << 16, {}, {}, {}};
    other.hotplug_bus = 1;
    other.children.push_back(bridge);
    config.nodes = {port, other, PciNode{3U << 16 | 1, {}, {}, {}}};
    return config;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("firmware/acpi/pci_hotplug" * doctest::skip(!test::has_acpica())) {
    TEST_CASE("the table compiles back to itself, with each slot under its bridge") {
        const Bytes table = build_dsdt(config_with_slots());

        const test::RoundTrip round_trip = test::compile_back(table);

        // iasl puts its own name into the header.
        REQUIRE(round_trip.compiled.size() == table.size());
        CHECK(std::equal(table.begin() + 36, table.end(), round_trip.compiled.begin() + 36));
        CHECK(contains(round_trip.summary, "0 Errors"));
        const std::string& text = round_trip.disassembly;
        CHECK(contains(text, "Method (_E01, 0, NotSerialized)"));
        CHECK(contains(text, "OperationRegion (PCST, SystemIO, 0x0CC0, 0x18)"));
        CHECK(contains(text, "Device (S19)"));
        CHECK(contains(text, "Notify (S00, 0x03)"));
        CHECK(contains(text, "\\_SB.PCI0.PCEJ (0x02, 0x08)"));
    }

    TEST_CASE("slots have unique numbers, and functions their addresses (ACPI 6.4 §6.1.11)") {
        CHECK(test::evaluate(build_dsdt(config_with_slots()),
                             {"\\_SB.PCI0.S08.S00._SUN", "\\_SB.PCI0.S10.S00._SUN",
                              "\\_SB.PCI0.S10.S00.S18._SUN", "\\_SB.PCI0.S10.S00.S18._ADR"}) ==
              std::vector<std::string>{
                  "  [Integer] = 0000000000000000", "  [Integer] = 0000000000000020",
                  "  [Integer] = 0000000000000043", "  [Integer] = 0000000000030000"});
    }

    TEST_CASE("a slot's name is what the register says of its device (PCI Firmware 3.3 §4.6.7)") {
        // Here the register reads as it was written, with the device's number.
        const std::string uuid = "(D0 37 C9 E5 53 35 7A 4D 91 17 EA 4D 19 C3 43 4D)";
        const std::string other = "(D1 37 C9 E5 53 35 7A 4D 91 17 EA 4D 19 C3 43 4D)";
        const std::string third = "\\_SB.PCI0.S10.S00.S18._DSM ";
        const std::string none = "\\_SB.PCI0.S10.S00._DSM ";

        CHECK(test::evaluate(
                  build_dsdt(config_with_slots()),
                  {third + uuid + " 2 7 [0]", third + uuid + " 2 0 [0]", third + uuid + " 2 6 [0]",
                   third + other + " 2 7 [0]", none + uuid + " 2 7 [0]"}) ==
              std::vector<std::string>{"    [Integer] = 0000000000000003", "81", "00", "00", "00"});
    }

    TEST_CASE("without it no event and no ports are there") {
        const std::string text = test::compile_back(build_dsdt(test::example_config())).disassembly;

        CHECK_FALSE(contains(text, "_E01"));
        CHECK_FALSE(contains(text, "PCST"));
    }
}

}  // namespace siskin::acpi
