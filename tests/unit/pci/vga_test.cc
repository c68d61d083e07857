// SPDX-License-Identifier: Apache-2.0
// Proves pci/vga, and pci/vga_probe with it.
#include "pci/vga.h"

#include <doctest/doctest.h>

#include <memory>

#include "pci/vga_probe.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kFirstPort{0, DevFn::of(1, 0)};
constexpr Bdf kSecondPort{0, DevFn::of(2, 0)};
constexpr Bdf kFirst{1, DevFn::of(0, 0)};
constexpr Bdf kSecond{2, DevFn::of(0, 0)};
constexpr std::uint16_t kBoth = kCommandIo | kCommandMemory;

// A VGA behind each of two ports, marks 0x11 and 0x22.
struct Tree {
    Tree() {
        PciBus& root = machine.host.root();
        ports[0] = make_port(machine, kRootPortType, root, kFirstPort.devfn, "rp1");
        ports[1] = make_port(machine, kRootPortType, root, kSecondPort.devfn, "rp2");
        for (unsigned index = 0; index < 2; ++index) {
            auto config = std::make_shared<VgaProbeConfig>();
            config->mark = index == 0 ? 0x11 : 0x22;
            vgas[index] = *VgaProbe::create(
                machine.place(ports[index]->secondary(), DevFn::of(0, 0)), config);
        }
        driver.open_bridge(kFirstPort, 1, 1, 0xe0000000, 0xe00fffff);
        driver.open_bridge(kSecondPort, 2, 2, 0xe0100000, 0xe01fffff);
    }
    void route(Bdf port) { driver.write(port, kBridgeControl, 1, kBridgeControlVga16); }
    static constexpr std::uint8_t kBridgeControlVga16 = kBridgeControlVga | kBridgeControlVga16Bit;
    std::uint64_t port(std::uint16_t number) { return driver.port_read(number, 1); }

    PciMachine machine;
    std::unique_ptr<ExpressPort> ports[2];
    std::unique_ptr<VgaProbe> vgas[2];
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/vga") {
    TEST_CASE("without VGA Enable in the bridge nothing answers") {
        Tree tree;
        tree.driver.set_command(kFirst, kBoth);

        CHECK(tree.port(0x3b0) == 0xff);
        CHECK(tree.driver.memory_read(0xa0000, 4) == 0xffffffff);
    }

    TEST_CASE("with it the three ranges reach the function, and their neighbours do not") {
        Tree tree;
        tree.route(kFirstPort);
        tree.driver.set_command(kFirst, kBoth);

        tree.driver.memory_write(0xa0000, 4, 0x12345678);
        tree.driver.port_write(0x3c5, 1, 0x77);

        CHECK(tree.driver.memory_read(0xa0000, 4) == 0x12345678);
        CHECK(tree.driver.memory_read(0xbffff, 1) == 0);
        CHECK(tree.driver.memory_read(0x9ffff, 1) == 0xff);
        CHECK(tree.driver.memory_read(0xc0000, 1) == 0xff);
        CHECK(tree.port(0x3b0) == 0x11);
        CHECK(tree.port(0x3bb) == 0x11);
        CHECK(tree.port(0x3bc) == 0xff);
        CHECK(tree.port(0x3c5) == 0x77);
        CHECK(tree.port(0x3df) == 0x11);
        CHECK(tree.port(0x3e0) == 0xff);
    }

    TEST_CASE("the enables of the bridge and of the function count for each kind of address") {
        Tree tree;
        tree.route(kFirstPort);
        tree.driver.set_command(kFirst, kBoth);

        tree.driver.set_command(kFirstPort, kCommandMemory);
        CHECK(tree.port(0x3b0) == 0xff);
        CHECK(tree.driver.memory_read(0xa0000, 1) == 0);
        tree.driver.set_command(kFirstPort, kBoth);
        tree.driver.set_command(kFirst, kCommandIo);

        CHECK(tree.port(0x3b0) == 0x11);
        CHECK(tree.driver.memory_read(0xa0000, 1) == 0xff);
    }

    TEST_CASE("of two paths exactly one is open: the one enabled last") {
        Tree tree;
        tree.driver.set_command(kFirst, kBoth);
        tree.driver.set_command(kSecond, kBoth);
        tree.route(kFirstPort);
        CHECK(tree.port(0x3c0) == 0x11);

        tree.route(kSecondPort);
        CHECK(tree.port(0x3c0) == 0x22);
        tree.driver.write(kSecondPort, kBridgeControl, 1, 0);
        CHECK(tree.port(0x3c0) == 0x11);
        tree.route(kSecondPort);
        tree.driver.set_command(kFirst, 0);
        tree.driver.set_command(kFirst, kBoth);

        CHECK(tree.port(0x3c0) == 0x11);
    }

    TEST_CASE("two bridges above each other need the bit both") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto root =
            make_port(machine, kRootPortType, machine.host.root(), kFirstPort.devfn, "rp");
        const auto up =
            make_port(machine, kUpstreamPortType, root->secondary(), DevFn::of(0, 0), "up");
        driver.open_bridge(kFirstPort, 1, 9, 0xe0000000, 0xe00fffff);
        driver.open_bridge({1, DevFn::of(0, 0)}, 2, 9, 0xe0000000, 0xe00fffff);
        driver.write({1, DevFn::of(0, 0)}, kIoBase, 2, 0x00f0);  // closed
        const auto vga = *VgaProbe::create(machine.place(up->secondary(), DevFn::of(0, 0)),
                                           std::make_shared<VgaProbeConfig>());
        driver.set_command({2, DevFn::of(0, 0)}, kBoth);

        driver.write(kFirstPort, kBridgeControl, 1, Tree::kBridgeControlVga16);
        CHECK(driver.port_read(0x3b0, 1) == 0xff);
        driver.write({1, DevFn::of(0, 0)}, kBridgeControl, 1, Tree::kBridgeControlVga16);
        CHECK(driver.port_read(0x3b0, 1) == 0x56);
    }

    TEST_CASE("when the function or its bridge goes, so do the ranges") {
        Tree tree;
        tree.driver.set_command(kFirst, kBoth);
        tree.driver.set_command(kSecond, kBoth);
        tree.route(kFirstPort);
        tree.route(kSecondPort);

        tree.vgas[1].reset();
        CHECK(tree.port(0x3c0) == 0x11);
        tree.vgas[0].reset();

        CHECK(tree.port(0x3c0) == 0xff);
        CHECK(tree.driver.memory_read(0xa0000, 1) == 0xff);
    }

    TEST_CASE("without 16-bit decode a bridge forwards the aliases, too (Bridge 1.2 §3.2.5.18)") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), kFirstPort.devfn, "rp");
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 9);
        probe.add_probe_bar(0, BarKind::Io, 32);
        probe.plug();
        driver.open_bridge(kFirstPort, 1, 1, 0xe0000000, 0xe00fffff);
        driver.assign_bar(kFirst, 0, 0x67c0);  // 0x3c0 + 25 * 0x400
        driver.set_command(kFirst, kBoth);
        CHECK(driver.port_read(0x67c0, 1) == 0xff);

        driver.write(kFirstPort, kBridgeControl, 1, kBridgeControlVga);
        CHECK(driver.port_read(0x67c0, 1) == 9);
        driver.write(kFirstPort, kBridgeControl, 1, Tree::kBridgeControlVga16);

        CHECK(driver.port_read(0x67c0, 1) == 0xff);
    }

    TEST_CASE("a function on the root bus needs no bridge") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto vga = *VgaProbe::create(machine.place(machine.host.root(), DevFn::of(3, 0)),
                                           std::make_shared<VgaProbeConfig>());
        CHECK(driver.port_read(0x3c0, 1) == 0xff);

        driver.set_command({0, DevFn::of(3, 0)}, kCommandIo);

        CHECK(driver.port_read(0x3c0, 1) == 0x56);
        CHECK(driver.read({0, DevFn::of(3, 0)}, 8, 4) == 0x03000000);
    }
}
