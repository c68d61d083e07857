// SPDX-License-Identifier: Apache-2.0
// The registers of bridges to conventional PCI.
#include "pci/conventional_bridge.h"

#include "base/text.h"

namespace siskin {

using namespace pci_spec;

namespace {

constexpr std::array kPciBridgeProperties{
    property<&PciBridgeConfig::chassis_nr>("chassis_nr",
                                           "Number of the bridge's chassis; must be given, not 0."),
    property<&PciBridgeConfig::msi>("msi", "MSI of the hot-plug controller, so without effect."),
    property<&PciBridgeConfig::shpc>("shpc",
                                     "Standard hot-plug controller; only off, as there is none."),
};
constexpr std::array kPciBridgeGroups{
    group<&PciBridgeConfig::pci>(kPciProperties),
    group_of_whole(kPciBridgeProperties),
    group<&PciBridgeConfig::reserve>(kReserveProperties),
};
constexpr std::array kPciePciBridgeProperties{
    property<&PciePciBridgeConfig::msi>("msi", "Whether the bridge has the MSI capability."),
};
constexpr std::array kPciePciBridgeGroups{
    group<&PciePciBridgeConfig::pci>(kPciProperties),
    group_of_whole(kPciePciBridgeProperties),
};

PciIdentity identity(std::uint16_t device_id, std::uint8_t interrupt_pin, bool extended_config) {
    return PciIdentity{.vendor_id = 0x1b36,
                       .device_id = device_id,
                       .class_code = kClassPciBridge,
                       .interrupt_pin = interrupt_pin,
                       .extended_config = extended_config,
                       .header = HeaderType::Bridge};
}

}  // namespace

const DeviceType kPciBridgeType{"pci-bridge",
                                "",
                                "Standard PCI Bridge",
                                DeviceCategory::Bridge,
                                "PCI",
                                kPciBridgeGroups,
                                make_config<PciBridgeConfig>};
const DeviceType kPciePciBridgeType{"pcie-pci-bridge",
                                    "",
                                    "PCI Express to PCI Bridge",
                                    DeviceCategory::Bridge,
                                    "PCI",
                                    kPciePciBridgeGroups,
                                    make_config<PciePciBridgeConfig>};

Result<std::unique_ptr<ConventionalBridge>> ConventionalBridge::create_pci_bridge(
    PciPlace place, std::shared_ptr<void> config) {
    const auto settings = *static_cast<const PciBridgeConfig*>(config.get());
    if (auto found = pci_bridge_problems(settings); !found.empty()) {
        return fail(std::move(found.front()));
    }
    const BridgeReserve reserve = SISKIN_TRY(reserve_of(settings.reserve, kPciBridgeType.name));
    std::unique_ptr<ConventionalBridge> bridge(new ConventionalBridge(
        kPciBridgeType, place, identity(0x0001, 0, false), std::move(config)));
    // Without the hot-plug controller nobody sends a message.
    static_cast<PciBridgeConfig*>(bridge->Device::config())->msi = OnOffAuto::Off;
    bridge->reserve_ = reserve;
    add_slot_id_capability(bridge->config(), settings.chassis_nr);
    add_reserve_capability(bridge->config(), reserve);
    bridge->plug();
    return bridge;
}

std::vector<Error> ConventionalBridge::pci_bridge_problems(const PciBridgeConfig& settings) {
    std::vector<Error> found;
    const auto note = [&](Error error) { found.push_back(std::move(error)); };
    if (settings.chassis_nr == 0) {
        note({ErrorClass::GenericError,
              "Bridge chassis not specified. Each bridge is required to be assigned a unique "
              "chassis id > 0."});
    }
    if (settings.shpc) {
        note({ErrorClass::GenericError,
              "Property 'pci-bridge.shpc' doesn't take value 'on', allowed is off (there is no "
              "standard hot-plug controller)"});
    }
    if (auto reserve = reserve_of(settings.reserve, kPciBridgeType.name); !reserve) {
        note(std::move(reserve).error());
    }
    return found;
}

Result<std::unique_ptr<ConventionalBridge>> ConventionalBridge::create_pcie_pci_bridge(
    PciPlace place, std::shared_ptr<void> config, MsiTarget& messages) {
    const auto settings = *static_cast<const PciePciBridgeConfig*>(config.get());
    std::unique_ptr<ConventionalBridge> bridge(new ConventionalBridge(
        kPciePciBridgeType, place, identity(0x000e, 1, true), std::move(config)));
    // 0x40 is where other hosts have their hot-plug controller.
    ExpressOptions options;
    options.offset = 0x48;
    bridge->add_express(ExpressRole::ExpressToPciBridge, options);
    bridge->add_power_management(0x84);
    if (settings.msi != OnOffAuto::Off) {
        bridge->add_msi(MsiOptions{.is_64_bit = true, .has_masks = true, .offset = 0x8c}, messages);
    }
    bridge->add_aer(AerOptions{});
    bridge->plug();
    return bridge;
}

ConventionalBridge::ConventionalBridge(const DeviceType& type, const PciPlace& place,
                                       const PciIdentity& identity, std::shared_ptr<void> config)
    : Device(type, place.id, std::move(config)),
      PciBridge(place, identity, new_bus_name(place.bus->topology(), place.id, "pci."),
                PciBusType::Conventional) {
    ConfigSpace& space = PciFunction::config();
    space.update16(kStatus, kStatus66MHz | kStatusFastBack, kStatus66MHz | kStatusFastBack);
    space.update16(kSecondaryStatus, kStatus66MHz | kStatusFastBack,
                   kStatus66MHz | kStatusFastBack);
}

ConventionalBridge::~ConventionalBridge() {
    unplug();
}

void ConventionalBridge::reset(std::function<void()> done) {
    reset_function();
    done();
}

}  // namespace siskin
