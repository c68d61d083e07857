// SPDX-License-Identifier: Apache-2.0
// An ELF kernel with a PVH entry point: its segments and where it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "firmware/linux/boot_file.h"

namespace siskin {

// One PT_LOAD program header, checked: the file part lies in the file, the address does not wrap.
struct ElfSegment {
    std::uint64_t file_offset = 0;
    ByteCount file_size;
    GuestAddress address;   // p_paddr
    ByteCount memory_size;  // at least file_size; the rest is zeroed

    [[nodiscard]] std::uint64_t end() const { return address.value() + memory_size.value(); }
};

// Plain data.
struct ElfImage {
    static constexpr std::size_t kProgramHeadersMax = 128;
    static constexpr std::uint64_t kNotesSizeMax = 64 * kKiB;

    std::vector<ElfSegment> segments;  // sorted by address, none meets another; not empty
    GuestAddress pvh_entry;            // XEN_ELFNOTE_PHYS32_ENTRY, inside a segment
};

[[nodiscard]] bool looks_like_elf(std::span<const std::byte> probe);

// ELF-32 or ELF-64, little-endian, for x86 (System V ABI, chapters 4 and 5), with the note that
// makes it a PVH kernel (Xen: docs/misc/pvh.pandoc). Errors name the field and its value; one
// without a PVH note is told as such.
[[nodiscard]] Result<ElfImage> parse_elf(const BootFile& file);

}  // namespace siskin
