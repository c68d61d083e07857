// SPDX-License-Identifier: Apache-2.0
// The rules of PCI Express about what sits where.
#include "pci/place_rule.h"

#include "base/text.h"
#include "pci/bridge.h"
#include "pci/bus.h"
#include "pci/topology.h"

namespace siskin {
namespace {

constexpr std::string_view kNotInSwitch =
    "the bus inside a switch takes its downstream ports (xio3130-downstream) alone";

// The port or bridge above the bus; nothing for a root bus and below a conventional bridge.
std::optional<ExpressType> type_above(const PciBus& bus) {
    return bus.parent() == nullptr ? std::nullopt : bus.parent()->express_type();
}

bool is_below_port(const PciBus& bus) {
    const auto type = type_above(bus);
    return type && is_downstream_facing(*type);
}

bool is_in_switch(const PciBus& bus) {
    return type_above(bus) == ExpressType::UpstreamPort;
}

std::string_view endpoint_objection(const PciBus& bus) {
    if (is_in_switch(bus)) {
        return kNotInSwitch;
    }
    return bus.is_expander() ? "Only PCI/PCIe bridges can be plugged into pxb-pcie" : "";
}

std::string_view root_port_objection(const PciBus& bus) {
    return bus.is_root() && bus.is_express() ? "" : "a root port goes on a PCI Express root bus";
}

std::string_view upstream_objection(const PciBus& bus) {
    return is_below_port(bus) ? "" : "an upstream port goes below a root port or a downstream port";
}

std::string_view downstream_objection(const PciBus& bus) {
    return is_in_switch(bus) ? "" : "a downstream port goes below an upstream port";
}

std::string_view bridge_objection(const PciBus& bus) {
    return is_in_switch(bus) ? kNotInSwitch : "";
}

std::string_view expander_objection(const PciBus& bus) {
    return bus.is_root() && !bus.is_expander() ? ""
                                               : "PXB devices can be attached only to root bus";
}

}  // namespace

const PlaceRule PlaceRule::kEndpoint{endpoint_objection};
const PlaceRule PlaceRule::kAriEndpoint{endpoint_objection, true};
const PlaceRule PlaceRule::kRootPort{root_port_objection};
const PlaceRule PlaceRule::kUpstreamPort{upstream_objection};
const PlaceRule PlaceRule::kDownstreamPort{downstream_objection};
const PlaceRule PlaceRule::kBridge{bridge_objection};
const PlaceRule PlaceRule::kExpander{expander_objection};

std::string free_buses(const Topology& topology, const PlaceRule& rule) {
    constexpr unsigned kNamedMax = 4;
    std::string names;
    unsigned count = 0;
    for_each_bus(topology, [&](const PciBus& bus) {
        if (count < kNamedMax && rule.objection(bus).empty() && bus.has_room()) {
            names += concat(names.empty() ? "; free: '" : ", '", bus.name(), '\'');
            ++count;
        }
    });
    return names.empty() ? "; no bus of the machine has room for it" : names;
}

}  // namespace siskin
