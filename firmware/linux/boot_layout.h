// SPDX-License-Identifier: Apache-2.0
// Where a boot without firmware puts its structures in the first MiB of guest memory.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace siskin::boot_layout {

// | from     | to       | e820     | what                                                      |
// | 0x00000  | 0x00500  | RAM      | left alone: interrupt vectors and BIOS data of real mode  |
// | 0x00500  | 0x01000  | RAM      | GDT of the entry state                                    |
// | 0x06000  | 0x07000  | RAM      | PVH: hvm_start_info, module list, memory map              |
// | 0x07000  | 0x08000  | RAM      | 64-bit protocol: boot_params (the zero page)              |
// | 0x09000  | 0x0f000  | RAM      | 64-bit protocol: page tables, identity map of 4 GiB       |
// | 0x20000  | 0x30000  | RAM      | command line                                              |
// | 0x9fc00  | 0xa0000  | reserved | where a BIOS has its extended data area                   |
// | 0xe0000  | 0x100000 | reserved | RSDP at the very start (an RSDP search finds it, ACPI 6.4 |
// |          |          |          | §5.2.5.1), the other ACPI tables behind it                |
// | 0x100000 | ...      | RAM      | kernel; at the end of RAM below 4 GiB the initrd          |

inline constexpr GuestAddress kGdt{0x500};
inline constexpr GuestAddress kStartInfo{0x6000};
inline constexpr GuestAddress kModuleList{0x6040};
inline constexpr GuestAddress kMemoryMap{0x6080};
inline constexpr GuestAddress kBootParams{0x7000};
inline constexpr GuestAddress kPageTables{0x9000};
inline constexpr GuestAddress kPageTablesEnd{0xf000};
inline constexpr GuestAddress kCommandLine{0x20000};
// With its terminating NUL.
inline constexpr ByteCount kCommandLineRoom{0x10000};

// What the structures above may take: no part of an ELF image goes there.
inline constexpr GuestAddress kStructuresBegin{0x500};
inline constexpr GuestAddress kStructuresEnd{0x30000};

inline constexpr GuestAddress kEbda{0x9fc00};
inline constexpr GuestAddress kVideoMemory{0xa0000};
inline constexpr GuestAddress kAcpiTables{0xe0000};
inline constexpr ByteCount kAcpiRoom{0x20000};
inline constexpr GuestAddress kHighMemory{0x100000};

}  // namespace siskin::boot_layout
