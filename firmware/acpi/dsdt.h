// SPDX-License-Identifier: Apache-2.0
// Differentiated System Description Table: the machine's devices in AML.
#pragma once

#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

// Processors, the PCI host bridge with _CRS, _PRT (APIC mode) and _OSC, the LPC bridge with COM1
// and RTC, the motherboard resources and \_S5. Left out: power states below S5, PIC-mode routing,
// hot-pluggable processors and memory.
[[nodiscard]] Bytes build_dsdt(const AcpiConfig& config);

}  // namespace siskin::acpi
