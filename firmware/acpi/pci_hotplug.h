// SPDX-License-Identifier: Apache-2.0
// The part of the DSDT by which PCI devices come and go (ACPI 6.4 §6.3).
#pragma once

#include <string>
#include <vector>

#include "firmware/acpi/aml.h"
#include "firmware/acpi/config.h"

namespace siskin::acpi {

// Terms of \_SB.PCI0: the register block, PCEJ, which ejects one device of one bus, and PDSM, which
// answers the device's _DSM (PCI Firmware 3.3 §4.6.7: its name is its acpi-index).
[[nodiscard]] AmlList hotplug_block(const PciHotplugConfig& config);
// The named functions of a root bus, and PCNT, which looks for requests on all buses behind them.
[[nodiscard]] AmlList hotplug_nodes(const std::vector<PciNode>& nodes);
// \_GPE: the handler of the event, which asks the root buses of these paths.
[[nodiscard]] Aml hotplug_event(const std::vector<std::string>& root_paths);

}  // namespace siskin::acpi
