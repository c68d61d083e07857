// SPDX-License-Identifier: Apache-2.0
// The setup header of an x86 Linux bzImage: what a boot by the 64-bit protocol needs of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace siskin {

// Linux: Documentation/x86/boot.rst; each field is checked. Plain data.
struct BzImage {
    // Offsets in the file and in boot_params alike.
    static constexpr std::size_t kHeaderOffset = 0x1f1;
    static constexpr std::size_t kHeaderEndMax = 0x290;  // boot_params has room up to here
    // Enough of the file for the header.
    static constexpr std::size_t kProbeSize = 4096;
    // The 64-bit entry point is this far into the protected-mode code (boot.rst, 64-bit protocol).
    static constexpr std::uint64_t kEntry64Offset = 0x200;

    std::vector<std::byte> header;  // bytes from kHeaderOffset on, for boot_params
    std::uint16_t protocol = 0;     // 0x020f: version 2.15
    ByteCount code_offset;          // where the protected-mode code begins in the file
    ByteCount code_size;            // how long it is there
    GuestAddress load_address;      // pref_address
    ByteCount init_size;            // memory it takes from load_address on before it reads e820
    std::uint64_t command_line_max = 0;  // longest command line, without NUL
    GuestAddress initrd_last;            // the highest address an initrd's last byte may have
};

// True where the boot sector's mark and the header's magic are there: a Linux kernel of any age.
[[nodiscard]] bool looks_like_bzimage(std::span<const std::byte> probe);

// `probe` is the first kProbeSize bytes of the file, or all of a shorter one; `file_size` the size
// of the whole. Errors name the field, its value and what is allowed.
[[nodiscard]] Result<BzImage> parse_bzimage(std::span<const std::byte> probe, ByteCount file_size);

}  // namespace siskin
