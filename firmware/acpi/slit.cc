// SPDX-License-Identifier: Apache-2.0
// The SLIT.
#include "firmware/acpi/slit.h"

namespace siskin::acpi {

Bytes build_slit(const NumaConfig& numa) {
    Slit slit;
    slit.header = make_header("SLIT", 1);
    slit.locality_count = numa.node_count;
    Bytes bytes;
    append_object(bytes, slit);
    bytes.insert(bytes.end(), numa.distances.begin(), numa.distances.end());
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
