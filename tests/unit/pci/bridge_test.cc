// SPDX-License-Identifier: Apache-2.0
// Proves pci/bridge.
#include "pci/bridge.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "pci/express_port.h"
#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kPort{0, DevFn::of(1, 0)};
constexpr Bdf kBehind{1, DevFn::of(0, 0)};
constexpr std::uint16_t kAll = kCommandIo | kCommandMemory | kCommandBusMaster;

// A root port at 00:01.0 with a probe behind it: BAR 0 at e0000000, BAR 1 (I/O) at c000.
struct PortAndProbe {
    PortAndProbe()
        : port(make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp1")),
          probe(machine.place(port->secondary(), kBehind.devfn), 0x5a) {
        probe.add_probe_bar(0, BarKind::Memory32, 0x10000);
        probe.add_probe_bar(1, BarKind::Io, 256);
        probe.add_probe_bar(2, BarKind::Memory64, 0x10000, true);
        probe.plug();
        driver.open_bridge(kPort, 1, 1, 0xe0000000, 0xe00fffff);
        driver.write(kPort, kIoBase, 2, 0xc0c0);
        driver.assign_bar(kBehind, 0, 0xe0000000);
        driver.assign_bar(kBehind, 1, 0xc000);
        driver.set_command(kBehind, kAll);
    }
    bool memory_answers(std::uint64_t address) { return driver.memory_read(address, 1) == 0x5a; }
    bool port_answers(std::uint16_t number) { return driver.port_read(number, 1) == 0x5a; }

    PciMachine machine;
    std::unique_ptr<ExpressPort> port;
    ProbeFunction probe;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/bridge") {
    TEST_CASE("the masks of a port are those of PCIe 5.0 §7.5.1.3") {
        PortAndProbe one;
        one.driver.write(kPort, kBridgeControl, 2, 0);
        one.driver.set_command(kPort, 0xffff);
        one.driver.write(kPort, 0x18, 8, ~std::uint64_t{0});
        one.driver.write(kPort, 0x20, 8, ~std::uint64_t{0});
        one.driver.write(kPort, 0x28, 8, ~std::uint64_t{0});
        one.driver.write(kPort, 0x30, 8, ~std::uint64_t{0});
        one.driver.write(kPort, 0x38, 4, 0xffffffff);
        one.driver.write(kPort, kBridgeControl, 2, 0xffff);

        CHECK(one.driver.read(kPort, kCommand, 2) == 0x0507);
        CHECK(one.driver.read(kPort, kBridgeControl, 2) == 0x005f);
        CHECK(one.driver.read(kPort, 0x18, 4) == 0x00ffffff);
        CHECK(one.driver.read(kPort, 0x1c, 4) == 0x0000f0f0);
        CHECK(one.driver.read(kPort, 0x20, 4) == 0xfff0fff0);
        CHECK(one.driver.read(kPort, 0x24, 4) == 0xfff1fff1);
        CHECK(one.driver.read(kPort, 0x28, 8) == ~std::uint64_t{0});
        CHECK(one.driver.read(kPort, 0x30, 4) == 0);
        CHECK(one.driver.read(kPort, 0x38, 4) == 0);
        one.driver.write(kPort, kBridgeControl, 2, 0);
        CHECK(one.driver.read(kPort, kBridgeControl, 2) == 0);
    }

    TEST_CASE("a BAR answers only inside an open window and with decoding on above it (P10)") {
        PortAndProbe one;

        CHECK(one.memory_answers(0xe0000000));
        CHECK(one.port_answers(0xc000));
        one.driver.set_command(kPort, kCommandIo);
        CHECK_FALSE(one.memory_answers(0xe0000000));
        CHECK(one.port_answers(0xc000));
        one.driver.set_command(kPort, kCommandMemory);
        CHECK(one.memory_answers(0xe0000000));
        CHECK_FALSE(one.port_answers(0xc000));
        one.driver.write(kPort, kMemoryBase, 4, 0x0000fff0);  // base above limit
        CHECK_FALSE(one.memory_answers(0xe0000000));
        one.driver.write(kPort, kMemoryBase, 4, 0xe010e010);  // not covering
        CHECK_FALSE(one.memory_answers(0xe0000000));
        one.driver.write(kPort, kMemoryBase, 4, 0xfff00000);  // all below 4 GiB
        CHECK(one.memory_answers(0xe0000000));
    }

    TEST_CASE("the prefetchable window reaches above 4 GiB") {
        PortAndProbe one;
        one.driver.assign_bar(kBehind, 2, 0x3'00000000);
        CHECK_FALSE(one.memory_answers(0x3'00000000));

        one.driver.write(kPort, kPrefetchableBase, 4, 0x00000000);
        one.driver.write(kPort, kPrefetchableBaseUpper, 4, 3);
        one.driver.write(kPort, kPrefetchableLimitUpper, 4, 3);

        CHECK(one.memory_answers(0x3'00000000));
        CHECK(one.probe.moves.back() == ProbeFunction::Move{2, GuestAddress{0x3'00000000}});
    }

    TEST_CASE("a BAR that only partly lies in the window has no place of its own") {
        PortAndProbe one;
        one.driver.assign_bar(kBehind, 0, 0xe00f0000);
        REQUIRE(one.probe.bars().at(0)->mapped() == GuestAddress{0xe00f0000});

        one.probe.moves.clear();
        one.driver.write(kPort, kMemoryBase, 4, 0xe010e010);
        one.driver.assign_bar(kBehind, 0, 0xe0200000);

        CHECK_FALSE(one.probe.bars().at(0)->mapped().has_value());
        CHECK_FALSE(one.memory_answers(0xe0200000));
    }

    TEST_CASE("VGA Enable forwards the three legacy windows and nothing beside them") {
        PortAndProbe one;
        one.driver.assign_bar(kBehind, 0, 0xa0000);
        one.driver.assign_bar(kBehind, 1, 0x300);
        CHECK_FALSE(one.memory_answers(0xa0000));

        one.driver.write(kPort, kBridgeControl, 1, kBridgeControlVga);

        CHECK(one.memory_answers(0xa0000));
        CHECK(one.port_answers(0x3b0));
        CHECK(one.port_answers(0x3bb));
        CHECK_FALSE(one.port_answers(0x3bc));
        CHECK(one.port_answers(0x3c0));
        CHECK(one.port_answers(0x3df));
        CHECK_FALSE(one.port_answers(0x3e0));
    }

    TEST_CASE("bridges behind each other that all forward everything multiply no windows (P10)") {
        PortAndProbe one;
        one.driver.write(kPort, kIoBase, 2, 0xf000);
        one.driver.write(kPort, kMemoryBase, 4, 0xfff00000);
        one.driver.write(kPort, kPrefetchableBase, 4, 0xfff00000);
        one.driver.write(kPort, kBridgeControl, 2, kBridgeControlVga);
        AddressWindows io{{0, 0xffff}};
        AddressWindows memory{{0, ~std::uint64_t{0}}};

        for (int level = 0; level < 12; ++level) {
            io = common_parts(io, one.port->io_windows());
            memory = common_parts(memory, one.port->memory_windows());
        }
        CHECK(io == AddressWindows{{0, 0xffff}});
        CHECK(memory.size() == 1);

        one.driver.write(kPort, kBridgeControl, 2, kBridgeControlVga | kBridgeControlIsa);
        const AddressWindows single = one.port->io_windows();
        io = single;
        for (int level = 0; level < 12; ++level) {
            io = common_parts(io, one.port->io_windows());
        }
        CHECK(io == single);
    }

    TEST_CASE("ISA Enable lets only the first 256 ports of each 1 KiB through") {
        PortAndProbe one;
        one.driver.write(kPort, kBridgeControl, 2, kBridgeControlIsa);

        CHECK(one.port_answers(0xc0ff));
        one.driver.assign_bar(kBehind, 1, 0xc100);
        CHECK_FALSE(one.port_answers(0xc100));
        one.driver.assign_bar(kBehind, 1, 0xcc00);
        CHECK(one.port_answers(0xcc00));
    }

    TEST_CASE("a bridge that may not master keeps what is behind it from mastering (P10)") {
        PortAndProbe one;
        REQUIRE(one.probe.may_master());

        one.driver.set_command(kPort, kCommandMemory);
        CHECK_FALSE(one.probe.may_master());
        one.driver.set_command(kPort, kAll);

        CHECK(one.probe.may_master());
        CHECK(one.probe.bus_master_changes == std::vector<bool>{true, false, true});
    }

    TEST_CASE("Secondary Bus Reset resets what is behind, once, and hides it while set (P13)") {
        PortAndProbe one;

        one.driver.write(kPort, kBridgeControl, 2, kBridgeControlReset);
        CHECK(one.probe.resets == 1);
        CHECK_FALSE(one.driver.is_present(kBehind));
        CHECK_FALSE(one.memory_answers(0xe0000000));
        one.driver.write(kPort, kBridgeControl, 2, kBridgeControlReset);
        CHECK(one.probe.resets == 1);
        one.driver.write(kPort, kBridgeControl, 2, 0);

        CHECK(one.driver.is_present(kBehind));
        CHECK(one.driver.read(kBehind, kCommand, 2) == 0);
        CHECK(one.driver.bar_address(kBehind, 0) == 0);
    }
}
