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
};

inline constexpr std::array kPciProperties{
    property<&PciProperties::bus>("bus", "The bus to plug into, the first root bus when not set."),
    property<&PciProperties::addr>("addr",
                                   "Slot and optional function number, example: 06.0 or 06."),
    property<&PciProperties::multifunction>(
        "multifunction", "Whether function 0 announces further functions in its slot."),
    property<&PciProperties::romfile>("romfile", "Option ROM file; only empty, no ROM, for now."),
    property<&PciProperties::rombar>("rombar", "Whether the option ROM has a BAR."),
};

// What cannot be told property by property. Errors: there is an option ROM, which siskin does not
// load yet. `type_name` begins the message.
[[nodiscard]] Result<> check_pci_properties(const PciProperties& properties,
                                            std::string_view type_name);

}  // namespace siskin
