// SPDX-License-Identifier: Apache-2.0
// The start information of the PVH boot ABI.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/endian.h"
#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"
#include "firmware/linux/e820.h"

namespace siskin {

struct PvhStartInfo {       // Xen: public/arch-x86/hvm/start_info.h, version 1
    le32 magic;             //  0
    le32 version;           //  4
    le32 flags;             //  8
    le32 module_count;      // 12
    le64 module_list;       // 16
    le64 command_line;      // 24
    le64 rsdp;              // 32
    le64 memory_map;        // 40
    le32 memory_map_count;  // 48
    le32 reserved;          // 52
};
static_assert(sizeof(PvhStartInfo) == 56);

struct PvhModule {      // the same, struct hvm_modlist_entry
    le64 address;       //  0
    le64 size;          //  8
    le64 command_line;  // 16
    le64 reserved;      // 24
};
static_assert(sizeof(PvhModule) == 32);

struct PvhMemoryRange {  // the same, struct hvm_memmap_table_entry
    le64 address;        //  0
    le64 size;           //  8
    le32 type;           // 16  as in e820
    le32 reserved;       // 20
};
static_assert(sizeof(PvhMemoryRange) == 24);

inline constexpr std::uint32_t kPvhMagic = 0x336ec578;  // "xEn3" with the E's top bit set

// Where the loader put what the kernel is to find.
struct PvhInput {
    GuestAddress rsdp;
    GuestAddress command_line;
    GuestAddress initrd;
    ByteCount initrd_size;  // zero: none
};

// Writes start information, module list and memory map where boot_layout.h says. Fails where that
// is not RAM.
[[nodiscard]] Result<> write_pvh_start_info(const GuestMemory& memory, const PvhInput& input,
                                            const std::vector<E820Entry>& e820);

}  // namespace siskin
