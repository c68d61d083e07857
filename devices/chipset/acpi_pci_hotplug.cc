// SPDX-License-Identifier: Apache-2.0
// The register block of ACPI PCI hot-plug.
#include "devices/chipset/acpi_pci_hotplug.h"

#include <algorithm>
#include <utility>

#include "pci/bridge.h"

namespace siskin {
namespace {

constexpr std::uint64_t kUp = 0x00;
constexpr std::uint64_t kDown = 0x04;
constexpr std::uint64_t kEject = 0x08;
constexpr std::uint64_t kRemovable = 0x0c;
constexpr std::uint64_t kSelect = 0x10;
constexpr std::uint64_t kIndex = 0x14;

}  // namespace

void AcpiPciHotplug::reset() {
    buses_.clear();
    select_ = 0;
    index_of_ = 0;
    for_each_bus(topology_, [&](const PciBus& bus) {
        if (bus.parent() != nullptr && bus.parent()->allows_hot_plug()) {
            buses_.push_back(Bus{bus.name()});
        }
    });
}

std::optional<std::uint32_t> AcpiPciHotplug::number_of(const PciBus& bus) const {
    const auto found = std::find_if(buses_.begin(), buses_.end(),
                                    [&](const Bus& entry) { return entry.name == bus.name(); });
    return found == buses_.end()
               ? std::nullopt
               : std::optional(static_cast<std::uint32_t>(found - buses_.begin()));
}

std::uint64_t AcpiPciHotplug::read(IoAccess access) {
    // Only whole registers: reading has effects.
    if (access.width != 4 || access.offset % 4 != 0) {
        return 0;
    }
    return read_register(access.offset);
}

void AcpiPciHotplug::write(IoAccess access, std::uint64_t value) {
    if (access.width != 4) {
        return;
    }
    if (access.offset == kEject) {
        eject(static_cast<std::uint32_t>(value));
    } else if (access.offset == kSelect) {
        select_ = static_cast<std::uint32_t>(value);
    } else if (access.offset == kIndex) {
        index_of_ = static_cast<std::uint32_t>(value);
    }
}

bool AcpiPciHotplug::covers(const PciBus& bus) const {
    return number_of(bus).has_value();
}

void AcpiPciHotplug::on_plugged(PciBus& bus, unsigned device) {
    if (Bus* const entry = find(bus)) {
        entry->up |= 1U << device;
        raise_();
        tell(bus, 1U << device, SlotSign::PlugTold);
    }
}

void AcpiPciHotplug::request_eject(PciBus& bus, unsigned device) {
    if (Bus* const entry = find(bus)) {
        entry->down |= 1U << device;
        raise_();
        tell(bus, 1U << device, SlotSign::UnplugTold);
    }
}

// Without it, who comes next would be taken for the one that shall go.
void AcpiPciHotplug::on_removed(PciBus& bus, unsigned device) {
    if (Bus* const entry = find(bus)) {
        entry->up &= ~(1U << device);
        entry->down &= ~(1U << device);
    }
}

AcpiPciHotplug::Bus* AcpiPciHotplug::find(const PciBus& bus) {
    const auto number = number_of(bus);
    return number ? &buses_[*number] : nullptr;
}

AcpiPciHotplug::Bus* AcpiPciHotplug::selected() {
    return select_ < buses_.size() ? &buses_[select_] : nullptr;
}

std::uint32_t AcpiPciHotplug::read_register(std::uint64_t offset) {
    if (offset == kSelect) {
        return select_;
    }
    Bus* const entry = selected();
    if (entry == nullptr) {
        return 0;
    }
    switch (offset) {
        case kUp: return take(*entry, entry->up, SlotSign::PlugAnswered);
        case kDown: return take(*entry, entry->down, SlotSign::UnplugAnswered);
        case kRemovable: return ~std::uint32_t{0};
        case kIndex: return acpi_index(*entry);
        default: return 0;
    }
}

std::uint32_t AcpiPciHotplug::acpi_index(const Bus& entry) const {
    const PciBus* const bus = find_bus(topology_, entry.name);
    const PciFunction* const function = bus == nullptr || index_of_ >= DevFn::kDeviceCount
                                            ? nullptr
                                            : bus->function(DevFn::of(index_of_, 0));
    return function == nullptr ? 0 : function->acpi_index();
}

std::uint32_t AcpiPciHotplug::take(const Bus& entry, std::uint32_t& devices, SlotSign sign) {
    const std::uint32_t taken = std::exchange(devices, 0U);
    PciBus* const bus = taken == 0 ? nullptr : find_bus(topology_, entry.name);
    if (bus != nullptr) {
        tell(*bus, taken, sign);
    }
    return taken;
}

void AcpiPciHotplug::tell(PciBus& bus, std::uint32_t devices, SlotSign sign) {
    HotplugObserver* const observer = topology_.hotplug_observer();
    for (unsigned device = 0; device < DevFn::kDeviceCount && observer != nullptr; ++device) {
        if ((devices >> device & 1) != 0) {
            observer->on_slot_sign(bus, device, sign);
        }
    }
}

void AcpiPciHotplug::eject(std::uint32_t devices) {
    const Bus* const entry = selected();
    PciBus* const bus = entry == nullptr ? nullptr : find_bus(topology_, entry->name);
    HotplugObserver* const observer = topology_.hotplug_observer();
    if (bus == nullptr || observer == nullptr) {
        return;
    }
    for (unsigned device = 0; device < DevFn::kDeviceCount; ++device) {
        if ((devices >> device & 1) != 0) {
            observer->on_ejected(*bus, device);
        }
    }
}

}  // namespace siskin
