// SPDX-License-Identifier: Apache-2.0
// The RSDP.
#include "firmware/acpi/rsdp.h"

#include <cstddef>

namespace siskin::acpi {

Bytes build_rsdp(GuestAddress xsdt) {
    constexpr std::size_t kFirstPartSize = 20;  // §5.2.5.3: what ACPI 1.0 knew
    Rsdp rsdp;
    rsdp.signature = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '};
    rsdp.oem_id = kOemId;
    rsdp.revision = 2;
    rsdp.length = std::uint32_t{sizeof(Rsdp)};
    rsdp.xsdt_address = xsdt.value();
    Bytes bytes;
    append_object(bytes, rsdp);
    bytes[offsetof(Rsdp, checksum)] = checksum_of(std::span(bytes).first(kFirstPartSize));
    bytes[offsetof(Rsdp, extended_checksum)] = checksum_of(bytes);
    return bytes;
}

}  // namespace siskin::acpi
