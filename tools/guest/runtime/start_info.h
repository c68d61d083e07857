// SPDX-License-Identifier: Apache-2.0
// What a PVH loader hands over (Xen: public/arch-x86/hvm/start_info.h): command line, ACPI, memory.
#pragma once

#include <cstdint>

namespace siskin::guest {

struct StartInfo {                         // version 1
    std::uint32_t magic;                   //  0  "xEn3" with bit 7 of the first letter set
    std::uint32_t version;                 //  4
    std::uint32_t flags;                   //  8
    std::uint32_t module_count;            // 12
    std::uint64_t module_list_address;     // 16
    std::uint64_t command_line_address;    // 24  zero-terminated, or 0
    std::uint64_t rsdp_address;            // 32  or 0
    std::uint64_t memory_map_address;      // 40  since version 1
    std::uint32_t memory_map_entry_count;  // 48
    std::uint32_t reserved;                // 52
};
static_assert(sizeof(StartInfo) == 56);

inline constexpr std::uint32_t kStartInfoMagic = 0x336ec578;

struct MemoryMapEntry {
    std::uint64_t address;   //  0
    std::uint64_t size;      //  8
    std::uint32_t type;      // 16  as E820: 1 is RAM
    std::uint32_t reserved;  // 20
};
static_assert(sizeof(MemoryMapEntry) == 24);

inline constexpr std::uint32_t kMemoryTypeRam = 1;

// The command line, "" where there is none.
[[nodiscard]] inline const char* command_line(const StartInfo& info) {
    return info.command_line_address == 0
               ? ""
               : reinterpret_cast<const char*>(info.command_line_address);
}

}  // namespace siskin::guest
