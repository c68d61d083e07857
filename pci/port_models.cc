// SPDX-License-Identifier: Apache-2.0
// The models of ports: ids, layouts and property tables, as QEMU 7.2 shows them.
#include <algorithm>

#include "pci/express_port.h"

namespace siskin {
namespace {

constexpr std::array kPortProperties{
    property<&PortConfig::port>("port", "Port number in the link capabilities."),
    property<&PortConfig::aer_log_max>("aer_log_max",
                                       "Headers of errors that are kept besides the first one's.",
                                       InRange{0, AerCapability::kLogMax}),
};
constexpr std::array kSlotProperties{
    property<&PortConfig::chassis>("chassis", "Chassis number of the slot."),
    property<&PortConfig::slot>("slot", "Physical slot number in the chassis.", InRange{0, 0x1fff}),
    property<&PortConfig::hotplug>("hotplug", "Whether devices may come and go at run time."),
    property<&PortConfig::attention_button>(
        "x-siskin-attention-button",
        "Whether a removal presses a button; without one it is a removal by surprise."),
    property<&PortConfig::power_controller_present>("power_controller_present",
                                                    "Whether the slot has a power controller."),
    property<&PortConfig::disable_acs>("disable-acs", "No Access Control Services."),
};
constexpr std::array kLinkProperties{
    property<&PortConfig::speed>("x-speed", "The fastest link speed, in GT/s."),
    property<&PortConfig::width>("x-width", "The widest link, in lanes."),
};

constexpr std::array kRootPortGroups{
    group<&PortConfig::pci>(kPciProperties),
    group_of_whole(kPortProperties),
    group_of_whole(kSlotProperties),
    group_of_whole(kLinkProperties),
    group<&PortConfig::reserve>(kReserveProperties),
};
constexpr std::array kSlotGroups{
    group<&PortConfig::pci>(kPciProperties),
    group_of_whole(kPortProperties),
    group_of_whole(kSlotProperties),
};
constexpr std::array kUpstreamGroups{
    group<&PortConfig::pci>(kPciProperties),
    group_of_whole(kPortProperties),
};

constexpr PciIdentity identity(std::uint16_t vendor_id, std::uint16_t device_id,
                               std::uint8_t revision, std::uint8_t interrupt_pin) {
    return PciIdentity{.vendor_id = vendor_id,
                       .device_id = device_id,
                       .revision = revision,
                       .class_code = pci_spec::kClassPciBridge,
                       .interrupt_pin = interrupt_pin,
                       .extended_config = true,
                       .header = HeaderType::Bridge};
}

}  // namespace

const DeviceType kRootPortType{"pcie-root-port",       "",    "PCI Express Root Port",
                               DeviceCategory::Bridge, "PCI", kRootPortGroups,
                               make_config<PortConfig>};
const DeviceType kIoh3420Type{"ioh3420",
                              "",
                              "Intel IOH device id 3420 PCIE Root Port",
                              DeviceCategory::Bridge,
                              "PCI",
                              kSlotGroups,
                              make_config<PortConfig>};
const DeviceType kUpstreamPortType{
    "x3130-upstream",       "",    "TI X3130 Upstream Port of PCI Express Switch",
    DeviceCategory::Bridge, "PCI", kUpstreamGroups,
    make_config<PortConfig>};
const DeviceType kDownstreamPortType{
    "xio3130-downstream",   "",    "TI X3130 Downstream Port of PCI Express Switch",
    DeviceCategory::Bridge, "PCI", kSlotGroups,
    make_config<PortConfig>};

namespace {

const std::array kModels{
    PortModel{&kRootPortType, &PlaceRule::kRootPort, identity(0x1b36, 0x000c, 0, 1),
              ExpressRole::RootPort, 0x40, 0x1b36, 0x54, std::nullopt, true, true},
    PortModel{&kIoh3420Type, &PlaceRule::kRootPort, identity(0x8086, 0x3420, 2, 1),
              ExpressRole::RootPort, 0x40, 0x8086, 0x90,
              MsiOptions{.vectors = 2, .has_masks = true, .offset = 0x60}, false, false},
    PortModel{&kUpstreamPortType, &PlaceRule::kUpstreamPort, identity(0x104c, 0x8232, 2, 0),
              ExpressRole::UpstreamPort, 0x80, 0, 0x90,
              MsiOptions{.is_64_bit = true, .offset = 0x70}, false, false},
    PortModel{&kDownstreamPortType, &PlaceRule::kDownstreamPort, identity(0x104c, 0x8233, 1, 0),
              ExpressRole::DownstreamPort, 0x80, 0, 0x90,
              MsiOptions{.is_64_bit = true, .offset = 0x70}, false, false},
};

}  // namespace

const PortModel* find_port_model(const DeviceType& type) {
    const auto* const found = std::find_if(kModels.begin(), kModels.end(),
                                           [&](const PortModel& row) { return row.type == &type; });
    return found == kModels.end() ? nullptr : found;
}

}  // namespace siskin
