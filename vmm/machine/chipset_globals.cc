// SPDX-License-Identifier: Apache-2.0
// -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=...
#include "vmm/machine/chipset_globals.h"

#include <array>

#include "base/object/property.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

constexpr std::string_view kLpc = "ICH9-LPC";

constexpr std::array kProperties{
    property<&ChipsetOptions::acpi_pci_hotplug>(
        "acpi-pci-hotplug-with-bridge-support",
        "Hot-plug behind ports and bridges by ACPI; else by the ports' own slots."),
};
constexpr std::array kGroups{group_of_whole(kProperties)};

Result<bool> apply(const OptionUse& use, ChipsetOptions& options) {
    GlobalOptions global;
    SISKIN_TRY_IN(use.text, apply_options(option_keys("global"), &global, use.members));
    if (global.driver != kLpc) {
        return false;
    }
    SISKIN_TRY_IN(use.text,
                  set_property(kGroups, &options, kLpc, global.property, Value(global.value)));
    return true;
}

}  // namespace

Result<ChipsetOptions> chipset_options(const std::vector<OptionUse>& globals) {
    ChipsetOptions options;
    for (const OptionUse& use : globals) {
        static_cast<void>(SISKIN_TRY(apply(use, options)));
    }
    return options;
}

Result<bool> is_chipset_global(const OptionUse& use) {
    ChipsetOptions ignored;
    return apply(use, ignored);
}

}  // namespace siskin
