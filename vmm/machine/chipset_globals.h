// SPDX-License-Identifier: Apache-2.0
// Properties of the board's own devices, which -global alone can set.
#pragma once

#include <vector>

#include "base/result.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// ICH9-LPC's.
struct ChipsetOptions {
    bool acpi_pci_hotplug = true;  // else the slots' own registers tell of hot-plug
};

// What the -globals say of it. Errors: a property's value that does not fit.
[[nodiscard]] Result<ChipsetOptions> chipset_options(const std::vector<OptionUse>& globals);

// Whether the -global is about the chipset. Error: it is, and has no such property.
[[nodiscard]] Result<bool> is_chipset_global(const OptionUse& use);

}  // namespace siskin
