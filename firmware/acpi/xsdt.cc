// SPDX-License-Identifier: Apache-2.0
// The XSDT.
#include "firmware/acpi/xsdt.h"

namespace siskin::acpi {

Bytes build_xsdt(const std::vector<GuestAddress>& tables) {
    Bytes bytes;
    append_object(bytes, make_header("XSDT", 1));
    for (const GuestAddress table : tables) {
        append_object(bytes, ule64{table.value()});
    }
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
