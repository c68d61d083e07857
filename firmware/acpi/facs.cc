// SPDX-License-Identifier: Apache-2.0
// The FACS.
#include "firmware/acpi/facs.h"

namespace siskin::acpi {

Bytes build_facs() {
    Facs facs;
    facs.signature = {'F', 'A', 'C', 'S'};
    facs.length = std::uint32_t{sizeof(Facs)};
    facs.version = 2;
    Bytes bytes;
    append_object(bytes, facs);
    return bytes;
}

}  // namespace siskin::acpi
