// SPDX-License-Identifier: Apache-2.0
// Checks over the common properties of PCI devices.
#include "pci/properties.h"

#include "base/text.h"

namespace siskin {

Result<> check_pci_properties(const PciProperties& properties, std::string_view type_name) {
    if (!properties.romfile.empty()) {
        return fail(concat(type_name, ": romfile is '", printable(properties.romfile),
                           "', allowed is only the empty one (no option ROM)"));
    }
    return {};
}

}  // namespace siskin
