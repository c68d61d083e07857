// SPDX-License-Identifier: Apache-2.0
// info pci, from query-pci.
#include "base/text.h"
#include "vmm/hmp/commands.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

std::string hex_field(std::int64_t number, std::size_t width) {
    return concat("0x", hex_digits(static_cast<std::uint64_t>(number), width));
}

std::string number_field(std::int64_t number, std::size_t width) {
    return right_aligned(std::to_string(number), width);
}

std::string range_line(std::string_view what, const qmp::PciMemoryRange& range, std::size_t width) {
    return concat("      ", what, " range [", hex_field(range.base, width), ", ",
                  hex_field(range.limit, width), "]\n");
}

std::string bridge_lines(const qmp::PciBridgeInfo& bridge) {
    return concat("      BUS ", bridge.bus.number, ".\n      secondary bus ", bridge.bus.secondary,
                  ".\n      subordinate bus ", bridge.bus.subordinate, ".\n") +
           range_line("IO", bridge.bus.io_range, 4) +
           range_line("memory", bridge.bus.memory_range, 8) +
           range_line("prefetchable memory", bridge.bus.prefetchable_range, 8);
}

// An unmapped region is at -1, and its end wraps; QEMU shows it so, too.
std::string region_line(const qmp::PciMemoryRegion& region) {
    const auto first = static_cast<std::uint64_t>(region.address);
    const auto last =
        static_cast<std::int64_t>(first + static_cast<std::uint64_t>(region.size) - 1);
    std::string text = concat("      BAR", region.bar, ": ");
    if (region.type == "io") {
        return concat(text, "I/O at ", hex_field(region.address, 4), " [", hex_field(last, 4),
                      "].\n");
    }
    return concat(text, region.mem_type_64.value_or(false) ? "64 bit" : "32 bit",
                  region.prefetch.value_or(false) ? " prefetchable" : "", " memory at ",
                  hex_field(region.address, 8), " [", hex_field(last, 8), "].\n");
}

std::string class_name(const qmp::PciDeviceClass& info) {
    return info.desc ? *info.desc
                     : concat("Class ", hex_digits(static_cast<std::uint64_t>(info.class_), 4));
}

std::string id_pair(std::int64_t left, std::int64_t right) {
    return concat(hex_digits(static_cast<std::uint64_t>(left), 4), ':',
                  hex_digits(static_cast<std::uint64_t>(right), 4));
}

// As deep as the tree of bridges.
std::string device_lines(const qmp::PciDeviceInfo& device) {
    std::string text =
        concat("  Bus ", number_field(device.bus, 2), ", device ", number_field(device.slot, 3),
               ", function ", device.function, ":\n    ", class_name(device.class_info),
               ": PCI device ", id_pair(device.id.vendor, device.id.device), '\n');
    if (device.id.subsystem && device.id.subsystem_vendor) {
        text += concat("      PCI subsystem ",
                       id_pair(*device.id.subsystem_vendor, *device.id.subsystem), '\n');
    }
    if (device.irq) {
        text += concat("      IRQ ", *device.irq, ", pin ",
                       static_cast<char>('A' + (device.irq_pin - 1) % 4), '\n');
    }
    if (device.pci_bridge) {
        text += bridge_lines(*device.pci_bridge);
    }
    for (const qmp::PciMemoryRegion& region : device.regions) {
        text += region_line(region);
    }
    text += concat("      id \"", device.qdev_id, "\"\n");
    if (device.pci_bridge && device.pci_bridge->devices) {
        for (const qmp::PciDeviceInfo& behind : *device.pci_bridge->devices) {
            text += device_lines(behind);
        }
    }
    return text;
}

}  // namespace

Result<> info_pci(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    const auto buses = call.services.pci.query_pci();
    if (!buses) {
        print_error(call, buses.error());
        return {};
    }
    for (const qmp::PciInfo& bus : *buses) {
        for (const qmp::PciDeviceInfo& device : bus.devices) {
            call.out += device_lines(device);
        }
    }
    return {};
}

}  // namespace siskin::hmp
