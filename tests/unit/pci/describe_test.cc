// SPDX-License-Identifier: Apache-2.0
// Proves pci/describe.
#include "pci/describe.h"

#include <doctest/doctest.h>

#include <memory>

#include "pci/express_port.h"
#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;

TEST_SUITE("pci/describe") {
    TEST_CASE("the tree, its windows and its BARs are told as programmed") {
        PciMachine machine;
        const auto port =
            try_make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
        REQUIRE(port.has_value());
        ProbeFunction probe(machine.place((*port)->secondary(), DevFn::of(0, 0), false, "p0"), 1);
        probe.add_probe_bar(0, BarKind::Memory64, 0x4000, true);
        probe.add_probe_bar(2, BarKind::Io, 64);
        probe.plug();
        DriverPci driver(machine);
        driver.open_bridge({0, DevFn::of(1, 0)}, 1, 1, 0xe0000000, 0xe00fffff);
        driver.assign_bar({1, DevFn::of(0, 0)}, 0, 0xe0000000);
        driver.set_command({1, DevFn::of(0, 0)}, pci_spec::kCommandMemory);

        const PciBusInfo root = describe(machine.host.root());

        REQUIRE(root.functions.size() == 1);
        const PciFunctionInfo& bridge = root.functions.at(0);
        REQUIRE(bridge.bridge.has_value());
        CHECK(bridge.class_code == 0x060400);
        CHECK(bridge.bridge->secondary == 1);
        CHECK(bridge.bridge->memory == AddressWindow{0xe0000000, 0xe00fffff});
        REQUIRE(bridge.bridge->bus->functions.size() == 1);
        const PciFunctionInfo& behind = bridge.bridge->bus->functions.at(0);
        CHECK(behind.bus == 1);
        CHECK(behind.id == "p0");
        CHECK(behind.vendor_id == 0x1af4);
        CHECK(behind.subsystem_id == 0x1100);
        CHECK(behind.interrupt_pin == 1);
        REQUIRE(behind.regions.size() == 2);
        CHECK(behind.regions.at(0).address == 0xe0000000);
        CHECK(behind.regions.at(0).is_64_bit);
        CHECK(behind.regions.at(0).prefetchable);
        CHECK(behind.regions.at(1).is_io);
        CHECK_FALSE(behind.regions.at(1).address.has_value());
    }
}
