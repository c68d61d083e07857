// SPDX-License-Identifier: Apache-2.0
// The properties that every PCI device has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "base/result.h"
#include "pci/bdf.h"

namespace siskin {

// A part of each PCI device's config struct: group<&BlkPciConfig::pci>(kPciProperties).
struct PciProperties {
    std::string bus;            // empty: the first root bus
    std::optional<DevFn> addr;  // none: the first free slot
    bool multifunction = false;
    std::string romfile;
    std::uint32_t rombar = 1;
    OrUnset<std::uint32_t, 0xffffffffU> romsize;  // bytes; none: as the file needs
    std::uint32_t acpi_index = 0;                 // PCI Firmware 3.3 §4.6.7; 0: none
};

inline constexpr std::array kPciProperties{
    property<&PciProperties::bus>("bus", "The bus to plug into, the first root bus when not set."),
    property<&PciProperties::addr>("addr",
                                   "Slot and optional function number, example: 06.0 or 06."),
    property<&PciProperties::multifunction>(
        "multifunction", "Whether function 0 announces further functions in its slot."),
    property<&PciProperties::romfile>("romfile", "Option ROM file; none when empty."),
    property<&PciProperties::rombar>(
        "rombar", "Whether the option ROM has a BAR; without one nobody sees it."),
    property<&PciProperties::romsize>("romsize", "Bytes of the ROM's BAR, a power of two."),
    property<&PciProperties::acpi_index>(
        "acpi-index",
        "The number by which ACPI names the device to the guest, 1 to 16383, unique; 0: none."),
};

}  // namespace siskin
