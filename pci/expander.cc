// SPDX-License-Identifier: Apache-2.0
// pxb-pcie.
#include "pci/expander.h"

#include "base/text.h"
#include "pci/bridge.h"

namespace siskin {

using namespace pci_spec;

namespace {

constexpr std::array kExpanderProperties{
    property<&ExpanderConfig::bus_nr>("bus_nr", "Number of the root bus, not 0.", InRange{1, 255}),
    property<&ExpanderConfig::numa_node>(
        "numa_node", "NUMA node of the bus; only 128, none, as there are no nodes.",
        InRange{128, 128}),
    property<&ExpanderConfig::bypass_iommu>("bypass_iommu",
                                            "Without effect, as there is no IOMMU."),
};
constexpr std::array kExpanderGroups{
    group<&ExpanderConfig::pci>(kPciProperties),
    group_of_whole(kExpanderProperties),
};

constexpr PciIdentity kIdentity{.vendor_id = 0x1b36,
                                .device_id = 0x000b,
                                .subsystem_vendor_id = 0x1af4,
                                .subsystem_id = 0x1100,
                                .class_code = kClassHostBridge};

std::uint8_t bus_number(const std::shared_ptr<void>& config) {
    return static_cast<const ExpanderConfig*>(config.get())->bus_nr;
}

}  // namespace

const DeviceType kExpanderType{"pxb-pcie",
                               "",
                               "PCI Express Expander Bridge",
                               DeviceCategory::Bridge,
                               "PCI",
                               kExpanderGroups,
                               make_config<ExpanderConfig>};

Result<std::unique_ptr<Expander>> Expander::create(PciPlace place, std::shared_ptr<void> config) {
    SISKIN_TRY(check_number(bus_number(config), place.bus->topology()));
    std::unique_ptr<Expander> expander(new Expander(place, std::move(config)));
    expander->plug();
    expander->bus().topology().add_root(expander->root_);
    return expander;
}

Result<> Expander::check_number(std::uint8_t number, const Topology& topology) {
    for (const PciBus* const root : topology.roots()) {
        if (root->number() == number) {
            return fail(concat("Bus ", number, " is already in use by root bus '", root->name(),
                               "': bus_nr takes another number from 1 to 255"));
        }
    }
    return {};
}

Expander::Expander(const PciPlace& place, std::shared_ptr<void> config)
    : Device(kExpanderType, place.id, config),
      PciFunction(place, kIdentity),
      root_(new_bus_name(place.bus->topology(), place.id, "pcie."), PciBusType::Express,
            place.bus->topology(), place.bus->intx(), bus_number(config)) {
    ConfigSpace& space = PciFunction::config();
    space.update16(kStatus, kStatus66MHz | kStatusFastBack, kStatus66MHz | kStatusFastBack);
}

Expander::~Expander() {
    bus().topology().remove_root(root_);
    unplug();
}

void Expander::reset(std::function<void()> done) {
    reset_function();
    done();
}

}  // namespace siskin
