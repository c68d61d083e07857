// SPDX-License-Identifier: Apache-2.0
// The properties that every PCI device has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
    std::optional<std::uint32_t> romsize;  // bytes; none: as the file needs
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
};

}  // namespace siskin
