// SPDX-License-Identifier: Apache-2.0
// System Locality Information Table: the distance from each NUMA node to each.
#pragma once

#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Slit {              // ACPI 6.4 §5.2.17
    TableHeader header;    //  0
    ule64 locality_count;  // 36
};
static_assert(sizeof(Slit) == 44);

// numa.distances is there, a row a node.
[[nodiscard]] Bytes build_slit(const NumaConfig& numa);

}  // namespace siskin::acpi
