// SPDX-License-Identifier: Apache-2.0
// The MCFG table.
#include "firmware/acpi/mcfg.h"

namespace siskin::acpi {

Bytes build_mcfg(const EcamConfig& ecam) {
    Mcfg mcfg;
    mcfg.header = make_header("MCFG", 1);
    McfgAllocation allocation;
    allocation.base = ecam.base.value();
    allocation.first_bus = ecam.first_bus;
    allocation.last_bus = ecam.last_bus;
    Bytes bytes;
    append_object(bytes, mcfg);
    append_object(bytes, allocation);
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
