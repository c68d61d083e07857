// SPDX-License-Identifier: Apache-2.0
// MCFG: where the memory-mapped PCI Express configuration space lies.
#pragma once

#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Mcfg {                                // PCI Firmware 3.3 §4.1.2, table 4-2
    TableHeader header;                      //  0
    std::array<std::uint8_t, 8> reserved{};  // 36
};
static_assert(sizeof(Mcfg) == 44);

struct McfgAllocation {          // PCI Firmware 3.3 §4.1.2, table 4-3
    ule64 base;                  //  0  of bus 0, whatever the first bus is
    ule16 segment;               //  8
    std::uint8_t first_bus = 0;  // 10
    std::uint8_t last_bus = 0;   // 11
    ule32 reserved;              // 12
};
static_assert(sizeof(McfgAllocation) == 16);

[[nodiscard]] Bytes build_mcfg(const EcamConfig& ecam);

}  // namespace siskin::acpi
