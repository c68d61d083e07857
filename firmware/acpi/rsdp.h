// SPDX-License-Identifier: Apache-2.0
// Root System Description Pointer: where an operating system starts to look for ACPI tables.
#pragma once

#include "base/units.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Rsdp {                                // ACPI 6.4 §5.2.5.3
    std::array<char, 8> signature{};         //  0  "RSD PTR "
    std::uint8_t checksum = 0;               //  8  of the first 20 bytes
    std::array<char, 6> oem_id{};            //  9
    std::uint8_t revision = 0;               // 15
    ule32 rsdt_address;                      // 16  zero: there is an XSDT
    ule32 length;                            // 20
    ule64 xsdt_address;                      // 24
    std::uint8_t extended_checksum = 0;      // 32  of all 36 bytes
    std::array<std::uint8_t, 3> reserved{};  // 33
};
static_assert(sizeof(Rsdp) == 36 && alignof(Rsdp) == 1);

// On a 16-byte boundary of 0xe0000..0xfffff an operating system finds it by itself (§5.2.5.1).
inline constexpr std::uint64_t kRsdpAlignment = 16;

[[nodiscard]] Bytes build_rsdp(GuestAddress xsdt);

}  // namespace siskin::acpi
