// SPDX-License-Identifier: Apache-2.0
// The memory map a guest is told at boot: sorted ranges with their types.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace siskin {

// ACPI 6.4 §15 table 15-374; hvm_memmap_table_entry has the same numbers.
enum class E820Type : std::uint32_t { Ram = 1, Reserved = 2, Acpi = 3, Nvs = 4, Unusable = 5 };

struct E820Entry {
    GuestAddress base;
    ByteCount size;
    E820Type type = E820Type::Reserved;

    friend bool operator==(const E820Entry&, const E820Entry&) = default;
};

// Where a PC's RAM lies.
struct RamLayout {
    ByteCount below_4g;  // from address 0 on; at least 1 MiB
    ByteCount above_4g;  // from 4 GiB on; may be zero
};

// boot_params has room for this many (Linux: E820_MAX_ENTRIES_ZEROPAGE).
inline constexpr std::size_t kE820EntriesMax = 128;

// RAM without the legacy holes (boot_layout.h), the reserved legacy ranges, and `reserved`: what
// the board adds, as the ECAM. Sorted. Errors: less than 1 MiB of RAM, ranges that are empty, wrap
// or meet each other, more than kE820EntriesMax.
[[nodiscard]] Result<std::vector<E820Entry>> build_e820(const RamLayout& ram,
                                                        const std::vector<E820Entry>& reserved);

}  // namespace siskin
