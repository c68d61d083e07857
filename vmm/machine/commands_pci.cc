// SPDX-License-Identifier: Apache-2.0
// The QMP command query-pci.
#include <algorithm>
#include <array>
#include <string_view>

#include "pci/describe.h"
#include "vmm/machine/commands_machine.h"

namespace siskin {
namespace {

struct ClassName {
    std::uint16_t code;  // base class and subclass (PCI Code and ID Assignment 1.11, chapter 1)
    std::string_view name;
};

constexpr std::array kClassNames{
    ClassName{0x0100, "SCSI controller"}, ClassName{0x0200, "Ethernet controller"},
    ClassName{0x0600, "Host bridge"},     ClassName{0x0601, "ISA bridge"},
    ClassName{0x0604, "PCI bridge"},      ClassName{0x00ff, "Unclassified device"},
};

qmp::PciDeviceClass class_of(std::uint32_t class_code) {
    qmp::PciDeviceClass info;
    info.class_ = class_code >> 8U;
    if (const std::string_view name = pci_class_name(class_code); !name.empty()) {
        info.desc = std::string(name);
    }
    return info;
}

qmp::PciMemoryRegion region_of(const PciRegionInfo& region) {
    qmp::PciMemoryRegion info;
    info.bar = region.bar;
    info.type = region.is_io ? "io" : "memory";
    info.address = region.address ? static_cast<std::int64_t>(*region.address) : -1;
    info.size = static_cast<std::int64_t>(region.size);
    if (!region.is_io) {
        info.prefetch = region.prefetchable;
        info.mem_type_64 = region.is_64_bit;
    }
    return info;
}

qmp::PciMemoryRange range_of(const AddressWindow& window) {
    return qmp::PciMemoryRange{static_cast<std::int64_t>(window.first),
                               static_cast<std::int64_t>(window.last)};
}

std::vector<qmp::PciDeviceInfo> devices_of(const PciBusInfo& bus);

qmp::PciBridgeInfo bridge_of(const PciBridgeInfo& bridge) {
    qmp::PciBridgeInfo info;
    info.bus.number = bridge.primary;
    info.bus.secondary = bridge.secondary;
    info.bus.subordinate = bridge.subordinate;
    info.bus.io_range = range_of(bridge.io);
    info.bus.memory_range = range_of(bridge.memory);
    info.bus.prefetchable_range = range_of(bridge.prefetchable);
    if (bridge.secondary != 0) {
        info.devices = devices_of(*bridge.bus);
    }
    return info;
}

}  // namespace

qmp::PciDeviceInfo pci_device_info(const PciFunctionInfo& function) {
    qmp::PciDeviceInfo info;
    info.bus = function.bus;
    info.slot = function.device;
    info.function = function.function;
    info.qdev_id = function.id;
    info.class_info = class_of(function.class_code);
    info.id.vendor = function.vendor_id;
    info.id.device = function.device_id;
    if (!function.bridge) {
        info.id.subsystem_vendor = function.subsystem_vendor_id;
        info.id.subsystem = function.subsystem_id;
    }
    info.irq_pin = function.interrupt_pin;
    if (function.interrupt_pin != 0) {
        info.irq = function.interrupt_line;
    }
    for (const PciRegionInfo& region : function.regions) {
        info.regions.push_back(region_of(region));
    }
    if (function.bridge) {
        info.pci_bridge = bridge_of(*function.bridge);
    }
    return info;
}

namespace {

// The depth is that of the tree of -device, so it is bounded by the bus numbers.
std::vector<qmp::PciDeviceInfo> devices_of(const PciBusInfo& bus) {
    std::vector<qmp::PciDeviceInfo> devices;
    for (const PciFunctionInfo& function : bus.functions) {
        devices.push_back(pci_device_info(function));
    }
    return devices;
}

}  // namespace

std::string_view pci_class_name(std::uint32_t class_code) {
    const auto* const found =
        std::find_if(kClassNames.begin(), kClassNames.end(),
                     [&](const ClassName& row) { return row.code == class_code >> 8U; });
    return found == kClassNames.end() ? std::string_view() : found->name;
}

Result<std::vector<qmp::PciInfo>> PciHandlers::query_pci() {
    const MutexLock hold(machine_.lock());
    std::vector<qmp::PciInfo> roots;
    for (const PciBus* const bus : machine_.board().pci().topology().roots()) {
        const PciBusInfo root = describe(*bus);
        qmp::PciInfo info;
        info.bus = root.number;
        info.devices = devices_of(root);
        roots.push_back(std::move(info));
    }
    return roots;
}

}  // namespace siskin
