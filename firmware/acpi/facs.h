// SPDX-License-Identifier: Apache-2.0
// Firmware ACPI Control Structure: the global lock and the waking vector, both unused.
#pragma once

#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Facs {                                  // ACPI 6.4 §5.2.10
    std::array<char, 4> signature{};           //  0
    ule32 length;                              //  4
    ule32 hardware_signature;                  //  8
    ule32 firmware_waking_vector;              // 12
    ule32 global_lock;                         // 16
    ule32 flags;                               // 20
    ule64 x_firmware_waking_vector;            // 24
    std::uint8_t version = 0;                  // 32
    std::array<std::uint8_t, 3> reserved{};    // 33
    ule32 ospm_flags;                          // 36
    std::array<std::uint8_t, 24> reserved2{};  // 40
};
static_assert(sizeof(Facs) == 64 && alignof(Facs) == 1);

inline constexpr std::uint64_t kFacsAlignment = 64;  // §5.2.10

// No header and no checksum; the operating system writes it, so it lies in memory of type reserved.
[[nodiscard]] Bytes build_facs();

}  // namespace siskin::acpi
