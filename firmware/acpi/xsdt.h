// SPDX-License-Identifier: Apache-2.0
// Extended System Description Table: the list of all other tables.
#pragma once

#include <vector>

#include "base/units.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

// ACPI 6.4 §5.2.8: a header and one 64-bit address a table, the FADT among them. The DSDT and the
// FACS are found through the FADT and do not appear.
[[nodiscard]] Bytes build_xsdt(const std::vector<GuestAddress>& tables);

}  // namespace siskin::acpi
