// SPDX-License-Identifier: Apache-2.0
// Proves pci/place_rule.
#include "pci/place_rule.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "pci/conventional_bridge.h"
#include "pci/expander.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;

namespace {

// rp1 with a switch behind it (up, dn), rp2 empty, a conventional bridge, an expander.
struct Tree {
    Tree() {
        PciBus& root = machine.host.root();
        rp1 = make_port(machine, kRootPortType, root, DevFn::of(1, 0), "rp1");
        rp2 = make_port(machine, kRootPortType, root, DevFn::of(2, 0), "rp2");
        up = make_port(machine, kUpstreamPortType, rp1->secondary(), DevFn::of(0, 0), "up");
        dn = make_port(machine, kDownstreamPortType, up->secondary(), DevFn::of(4, 0), "dn");
        auto bridge_config = std::make_shared<PciBridgeConfig>();
        bridge_config->chassis_nr = 1;
        bridge = *ConventionalBridge::create_pci_bridge(
            machine.place(root, DevFn::of(3, 0), false, "br"), bridge_config);
        auto expander_config = std::make_shared<ExpanderConfig>();
        expander_config->bus_nr = 9;
        expander =
            *Expander::create(machine.place(root, DevFn::of(4, 0), false, "px"), expander_config);
    }
    std::string refusal(std::string_view bus, const PlaceRule& rule) {
        const auto place = machine.host.find_bus(bus)->place({}, "T", "", rule);
        return place ? "" : place.error().message;
    }

    PciMachine machine;
    std::unique_ptr<ExpressPort> rp1;
    std::unique_ptr<ExpressPort> rp2;
    std::unique_ptr<ExpressPort> up;
    std::unique_ptr<ExpressPort> dn;
    std::unique_ptr<ConventionalBridge> bridge;
    std::unique_ptr<Expander> expander;
};

}  // namespace

TEST_SUITE("pci/place_rule") {
    TEST_CASE("an endpoint goes anywhere but into a switch and onto an expander") {
        Tree tree;

        CHECK(tree.refusal("pcie.0", PlaceRule::kEndpoint).empty());
        CHECK(tree.refusal("rp2", PlaceRule::kEndpoint).empty());
        CHECK(tree.refusal("dn", PlaceRule::kEndpoint).empty());
        CHECK(tree.refusal("br", PlaceRule::kEndpoint).empty());
        CHECK(tree.refusal("up", PlaceRule::kEndpoint) ==
              "PCI: the bus inside a switch takes its downstream ports (xio3130-downstream) alone: "
              "T on bus 'up'; free: 'pcie.0', 'dn', 'rp2', 'br'");
        CHECK(tree.refusal("px", PlaceRule::kEndpoint) ==
              "PCI: Only PCI/PCIe bridges can be plugged into pxb-pcie: T on bus 'px'; free: "
              "'pcie.0', 'dn', 'rp2', 'br'");
    }

    TEST_CASE("a root port goes on a root bus alone") {
        Tree tree;

        CHECK(tree.refusal("pcie.0", PlaceRule::kRootPort).empty());
        CHECK(tree.refusal("px", PlaceRule::kRootPort).empty());
        CHECK(tree.refusal("rp2", PlaceRule::kRootPort) ==
              "PCI: a root port goes on a PCI Express root bus: T on bus 'rp2'; free: 'pcie.0', "
              "'px'");
        CHECK_FALSE(tree.refusal("br", PlaceRule::kRootPort).empty());
    }

    TEST_CASE("a switch goes below a port, its downstream ports below its upstream port") {
        Tree tree;

        CHECK(tree.refusal("rp2", PlaceRule::kUpstreamPort).empty());
        CHECK(tree.refusal("dn", PlaceRule::kUpstreamPort).empty());
        CHECK(tree.refusal("pcie.0", PlaceRule::kUpstreamPort) ==
              "PCI: an upstream port goes below a root port or a downstream port: T on bus "
              "'pcie.0'; free: 'dn', 'rp2'");
        CHECK_FALSE(tree.refusal("br", PlaceRule::kUpstreamPort).empty());
        CHECK_FALSE(tree.refusal("up", PlaceRule::kUpstreamPort).empty());
        CHECK(tree.refusal("up", PlaceRule::kDownstreamPort).empty());
        CHECK(tree.refusal("rp2", PlaceRule::kDownstreamPort) ==
              "PCI: a downstream port goes below an upstream port: T on bus 'rp2'; free: 'up'");
    }

    TEST_CASE("bridges go everywhere but into a switch, expanders on the host's own bus") {
        Tree tree;

        CHECK(tree.refusal("px", PlaceRule::kBridge).empty());
        CHECK(tree.refusal("br", PlaceRule::kBridge).empty());
        CHECK_FALSE(tree.refusal("up", PlaceRule::kBridge).empty());
        CHECK(tree.refusal("pcie.0", PlaceRule::kExpander).empty());
        CHECK(tree.refusal("rp2", PlaceRule::kExpander) ==
              "PCI: PXB devices can be attached only to root bus: T on bus 'rp2'; free: 'pcie.0'");
        CHECK_FALSE(tree.refusal("px", PlaceRule::kExpander).empty());
    }

    TEST_CASE("a second device below a port is refused, with the buses that would do") {
        Tree tree;
        ProbeFunction probe(tree.machine.place(tree.rp2->secondary(), DevFn::of(0, 0)), 1);
        probe.plug();

        CHECK(tree.refusal("rp2", PlaceRule::kEndpoint) ==
              "PCI: no slot/function available for T, all in use or reserved: bus 'rp2' is full; "
              "free: 'pcie.0', 'dn', 'br'");
        CHECK(tree.refusal("rp1", PlaceRule::kUpstreamPort) ==
              "PCI: no slot/function available for T, all in use or reserved: bus 'rp1' is full; "
              "free: 'dn'");
    }

    TEST_CASE("nothing is hot-plugged on a root bus, and the answer names a bus that takes it") {
        Tree tree;

        CHECK(tree.machine.host.find_bus("rp2")->check_hot_plug().has_value());
        const auto refused = tree.machine.host.root().check_hot_plug();

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "Bus 'pcie.0' does not support hotplugging; free: 'dn'");
    }
}
