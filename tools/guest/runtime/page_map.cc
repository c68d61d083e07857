// SPDX-License-Identifier: Apache-2.0
// Extends the identity map of entry.S by 2 MiB pages from a small pool of tables.
#include "tools/guest/runtime/page_map.h"

#include "tools/guest/runtime/check.h"

extern "C" std::uint64_t page_map_level4[512];

namespace siskin::guest {

namespace {

constexpr std::uint64_t kMappedAtEntry = 1ULL << 32;
constexpr std::uint64_t kAddressEnd = 1ULL << 47;
constexpr std::uint64_t kLargePageSize = 2ULL << 20;
constexpr std::uint64_t kPresentWritable = 0x3;
constexpr std::uint64_t kLargePage = 0x80;
constexpr std::uint64_t kAddressMask = 0x000ffffffffff000;
constexpr unsigned kTablesMax = 24;

alignas(4096) std::uint64_t tables[kTablesMax][512];
unsigned tables_used = 0;

std::uint64_t* next_level(std::uint64_t& entry) {
    if ((entry & 1) == 0) {
        require(tables_used < kTablesMax, "the page tables suffice");
        entry = reinterpret_cast<std::uint64_t>(tables[tables_used++]) | kPresentWritable;
    }
    return reinterpret_cast<std::uint64_t*>(entry & kAddressMask);
}

void map_large_page(std::uint64_t address) {
    std::uint64_t* const pointers = next_level(page_map_level4[(address >> 39) & 511]);
    std::uint64_t* const directory = next_level(pointers[(address >> 30) & 511]);
    std::uint64_t& entry = directory[(address >> 21) & 511];
    if ((entry & kPresentWritable) != 0) {
        return;  // in ring 3, too
    }
    entry = address | kPresentWritable | kLargePage;
    asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

}  // namespace

void map_device(std::uint64_t address, std::uint64_t size) {
    const std::uint64_t end = address + size;
    if (end <= kMappedAtEntry && address <= end) {
        return;
    }
    if (end > kAddressEnd || end < address) {
        require(false, "the address is one that long mode can map");
    }
    for (std::uint64_t page = address & ~(kLargePageSize - 1); page < end; page += kLargePageSize) {
        map_large_page(page);
    }
}

}  // namespace siskin::guest
