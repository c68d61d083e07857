// SPDX-License-Identifier: Apache-2.0
// Proves pci/function.
#include "pci/function.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kProbe{0, DevFn::of(3, 0)};
constexpr std::uint16_t kMemoryAndMaster = kCommandMemory | kCommandBusMaster;

// One probe at 00:03.0 with a 64 KiB BAR 0 (64 bits), MSI-X of two vectors in BAR 2.
struct OneProbe {
    OneProbe() : probe(machine.place(machine.host.root(), kProbe.devfn), 0xa5) {
        machine.host.intx().connect({3, 0}, &line);
        ExpressOptions options;
        options.function_level_reset = true;
        probe.add_express(ExpressRole::Endpoint, options);
        probe.add_power_management();
        probe.add_probe_bar(0, BarKind::Memory64, 0x10000);
        probe.add_msix_with_bar(2, 2, machine.msi);
        probe.add_probe_bar(4, BarKind::Io, 64);
        probe.plug();
        driver.assign_bar(kProbe, 0, 0xe0000000);
        driver.assign_bar(kProbe, 2, 0xe0100000);
        driver.assign_bar(kProbe, 4, 0xc000);
    }

    PciMachine machine;
    FakeIrqLine line;
    ProbeFunction probe;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/function") {
    TEST_CASE("memory and I/O answer exactly while their decode bits are on") {
        OneProbe one;

        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK(one.driver.port_read(0xc000, 1) == 0xff);
        one.driver.set_command(kProbe, kCommandMemory);
        CHECK(one.driver.memory_read(0xe000ffff, 1) == 0xa5);
        CHECK(one.driver.memory_read(0xe0010000, 1) == 0xff);
        CHECK(one.driver.port_read(0xc000, 1) == 0xff);
        one.driver.set_command(kProbe, kCommandIo);
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK(one.driver.port_read(0xc03f, 1) == 0xa5);
    }

    TEST_CASE("sizing while decoding is on tells the size and ends at the old place (P01)") {
        OneProbe one;
        one.driver.set_command(kProbe, kCommandMemory | kCommandIo);

        CHECK(one.driver.size_bar(kProbe, 0) == 0x10000);
        CHECK(one.driver.size_bar(kProbe, 2) == 0x1000);
        CHECK(one.driver.size_bar(kProbe, 4) == 64);
        CHECK(one.driver.size_bar(kProbe, 5) == 0);
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xa5);
        CHECK(one.driver.port_read(0xc000, 1) == 0xa5);
    }

    TEST_CASE("a moved BAR is told nothing before and the new address after (P02)") {
        OneProbe one;
        one.driver.set_command(kProbe, kCommandMemory);
        one.probe.moves.clear();

        one.driver.assign_bar(kProbe, 0, 0x2'40000000);

        CHECK(one.probe.moves ==
              std::vector<ProbeFunction::Move>{{0, std::nullopt}, {0, GuestAddress{0x2'40000000}}});
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK(one.driver.memory_read(0x2'40000000, 1) == 0xa5);
    }

    TEST_CASE("a reset by Initiate FLR brings the power-on state back; the bit reads 0") {
        OneProbe one;
        one.driver.set_command(kProbe, kMemoryAndMaster);
        const auto express = one.driver.find_capability(kProbe, kCapabilityExpress);
        REQUIRE(express.has_value());
        one.driver.set_msix_control(kProbe, kMsixEnable);

        one.driver.write(kProbe, *express + kExpressDeviceControl + 1, 1, 0x80);

        CHECK(one.probe.resets == 1);
        CHECK(one.driver.read(kProbe, kCommand, 2) == 0);
        CHECK(one.driver.bar_address(kProbe, 0) == 0);
        CHECK((one.driver.read(kProbe, *express + kExpressDeviceControl, 2) & 0x8000) == 0);
        CHECK_FALSE(one.probe.msix_enabled());
        CHECK(one.probe.msix_changes == std::vector<bool>{true, false});
        CHECK(one.probe.bus_master_changes == std::vector<bool>{true, false});
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
    }

    TEST_CASE("the interrupt pin follows level, Interrupt Disable and MSI-X enable (P14)") {
        OneProbe one;

        one.probe.set_intx(true);
        CHECK(one.line.asserted);
        CHECK((one.driver.read(kProbe, kStatus, 2) & kStatusInterrupt) != 0);
        one.driver.set_command(kProbe, kCommandIntxDisable);
        CHECK_FALSE(one.line.asserted);
        CHECK((one.driver.read(kProbe, kStatus, 2) & kStatusInterrupt) != 0);
        one.driver.set_command(kProbe, 0);
        CHECK(one.line.asserted);
        one.driver.set_msix_control(kProbe, kMsixEnable);
        CHECK_FALSE(one.line.asserted);
        one.driver.set_msix_control(kProbe, 0);
        CHECK(one.line.asserted);
        one.probe.set_intx(false);
        CHECK_FALSE(one.line.asserted);
        CHECK((one.driver.read(kProbe, kStatus, 2) & kStatusInterrupt) == 0);
    }

    TEST_CASE("a storm of level changes leaves the line where the last one put it (P14)") {
        OneProbe one;
        for (int round = 0; round < 1'000'000; ++round) {
            one.probe.set_intx(round % 3 != 0);
        }

        CHECK_FALSE(one.line.asserted);
        CHECK_FALSE(one.machine.host.intx().asserted({3, 0}));
    }

    TEST_CASE("MSI-X sends through the table in the BAR once bus mastering is on (P10)") {
        OneProbe one;
        one.driver.set_command(kProbe, kCommandMemory);
        one.driver.set_msix_entry(kProbe, 1, {0xfee00000, 0x31}, false);
        one.driver.set_msix_control(kProbe, kMsixEnable);
        const auto event = one.probe.msix()->event(1);
        REQUIRE(event.has_value());

        (*event)->signal();
        one.machine.msi.deliver();
        CHECK(one.machine.msi.messages.empty());
        CHECK(one.driver.memory_read(0xe0100800, 1) == 0x2);
        one.driver.set_command(kProbe, kMemoryAndMaster);

        CHECK(one.machine.msi.messages == std::vector<MsiMessage>{{0xfee00000, 0x31}});
        CHECK(one.driver.memory_read(0xe0100800, 1) == 0);
        one.driver.set_msix_control(kProbe, kMsixEnable | kMsixFunctionMask);
        CHECK(one.machine.msi.bound_count() == 0);
    }

    TEST_CASE(
        "in D3hot a function neither decodes nor masters nor interrupts (PCIe 5.0 §5.3.1.4)") {
        OneProbe one;
        one.driver.set_command(kProbe, kMemoryAndMaster);
        one.probe.set_intx(true);
        const auto power = one.driver.find_capability(kProbe, kCapabilityPowerManagement);
        REQUIRE(power.has_value());

        one.driver.write(kProbe, *power + kPowerControl, 2, 3);
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK_FALSE(one.probe.may_master());
        CHECK_FALSE(one.line.asserted);
        one.driver.write(kProbe, *power + kPowerControl, 2, 0);

        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xa5);
        CHECK(one.probe.may_master());
        CHECK(one.line.asserted);
    }

    TEST_CASE("unplug unmaps at once, also while changes of the tree are collected (P02)") {
        OneProbe one;
        one.driver.set_command(kProbe, kMemoryAndMaster);
        REQUIRE(one.probe.bars()[0]->mapped());
        one.probe.moves.clear();
        {
            const Topology::Batch batch(one.machine.host.topology());

            one.probe.unplug();

            CHECK_FALSE(one.probe.bars()[0]->mapped());
            CHECK(one.probe.moves ==
                  std::vector<ProbeFunction::Move>{{0, std::nullopt}, {2, std::nullopt}});
        }
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK(one.probe.moves.size() == 2);
    }

    TEST_CASE("unplug unmaps, drops the pin and the bindings, and the function is gone") {
        OneProbe one;
        one.driver.set_command(kProbe, kMemoryAndMaster);
        one.probe.set_intx(true);
        one.probe.moves.clear();

        one.probe.unplug();

        CHECK(one.probe.moves.size() == 2);
        CHECK_FALSE(one.probe.moves.at(0).address.has_value());
        CHECK_FALSE(one.line.asserted);
        CHECK_FALSE(one.driver.is_present(kProbe));
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK(one.machine.host.root().functions().empty());
    }

    TEST_CASE("the capability list ends, and each entry lies inside the first 256 bytes (P12)") {
        OneProbe one;

        CHECK(one.driver.find_capability(kProbe, kCapabilityExpress).has_value());
        CHECK(one.driver.find_capability(kProbe, kCapabilityPowerManagement).has_value());
        CHECK(one.driver.find_capability(kProbe, kCapabilityMsix).has_value());
        CHECK_FALSE(one.driver.find_capability(kProbe, 0xee).has_value());
    }

    TEST_CASE("a table of 2048 vectors has its pending bits behind it in the same BAR") {
        PciMachine machine;
        ProbeFunction probe(machine.place(machine.host.root(), kProbe.devfn), 1);
        probe.add_msix_with_bar(2048, 0, machine.msi);
        probe.plug();
        DriverPci driver(machine);

        CHECK(driver.size_bar(kProbe, 0) == 0x10000);
        const auto at = driver.find_capability(kProbe, kCapabilityMsix);
        REQUIRE(at.has_value());
        CHECK(driver.read(kProbe, *at + kMsixPendingBits, 4) == 0x8000);
    }
}
