// SPDX-License-Identifier: Apache-2.0
// Entry states.
#include "firmware/linux/boot_entry.h"

#include <array>

#include "base/endian.h"
#include "firmware/linux/boot_layout.h"

namespace siskin {
namespace {

// boot.rst, "64-bit Boot Protocol": __BOOT_CS is 0x10, __BOOT_DS is 0x18.
constexpr std::uint16_t kCodeSelector = 0x10;
constexpr std::uint16_t kDataSelector = 0x18;
constexpr std::uint16_t kTaskSelector = 0x20;
constexpr std::size_t kGdtEntries = 6;  // a 64-bit TSS takes two

// Intel SDM 3A §3.4.5.1, §3.5; "accessed" is set as loading the register would do.
constexpr std::uint8_t kCodeExecuteRead = 0xb;
constexpr std::uint8_t kDataReadWrite = 0x3;
constexpr std::uint8_t kTssBusy = 0xb;
constexpr std::uint32_t kTssLimit = 0x67;  // pvh.pandoc; also what VM entry wants at least

// Intel SDM 3A §2.2.1 and §2.5
constexpr std::uint64_t kProtectionEnable = 1U << 0;
constexpr std::uint64_t kExtensionType = 1U << 4;  // always set
constexpr std::uint64_t kPaging = 1U << 31;
constexpr std::uint64_t kPhysicalAddressExtension = 1U << 5;
constexpr std::uint64_t kLongModeEnable = 1U << 8;
constexpr std::uint64_t kLongModeActive = 1U << 10;

// Intel SDM 3A §4.5
constexpr std::uint64_t kPresent = 1U << 0;
constexpr std::uint64_t kWritable = 1U << 1;
constexpr std::uint64_t kLargePage = 1U << 7;
constexpr std::uint64_t kPageSize = 4 * kKiB;
constexpr std::uint64_t kLargePageSize = 2 * kMiB;
constexpr std::size_t kTableEntries = 512;
constexpr std::size_t kDirectories = 4;  // 1 GiB each

using PageTable = std::array<le64, kTableEntries>;
static_assert(boot_layout::kPageTables.value() + (2 + kDirectories) * sizeof(PageTable) ==
              boot_layout::kPageTablesEnd.value());
static_assert(boot_layout::kGdt.value() + kGdtEntries * 8 <= 0x1000);

GuestAddress table_address(std::size_t number) {
    return GuestAddress{boot_layout::kPageTables.value() + number * kPageSize};
}

// PML4, page directory pointers, then one directory a GiB.
Result<> write_page_tables(const GuestMemory& memory) {
    PageTable root{};
    root[0] = table_address(1).value() | kPresent | kWritable;
    SISKIN_TRY(memory.write_object(table_address(0), root));
    PageTable pointers{};
    for (std::size_t gib = 0; gib < kDirectories; ++gib) {
        pointers[gib] = table_address(2 + gib).value() | kPresent | kWritable;
        PageTable directory{};
        for (std::size_t page = 0; page < kTableEntries; ++page) {
            const std::uint64_t address = gib * kGiB + page * kLargePageSize;
            directory[page] = address | kPresent | kWritable | kLargePage;
        }
        SISKIN_TRY(memory.write_object(table_address(2 + gib), directory));
    }
    return memory.write_object(table_address(1), pointers);
}

}  // namespace

std::uint64_t BootSegment::descriptor() const {
    constexpr std::uint64_t kPresentBit = std::uint64_t{1} << 47;
    const std::uint64_t stored_limit = counts_pages ? limit >> 12 : limit;
    return (stored_limit & 0xffff) | ((std::uint64_t{base} & 0xffffff) << 16) |
           (std::uint64_t{type} << 40) | (std::uint64_t{code_or_data} << 44) | kPresentBit |
           (((stored_limit >> 16) & 0xf) << 48) | (std::uint64_t{is_64_bit} << 53) |
           (std::uint64_t{is_32_bit} << 54) | (std::uint64_t{counts_pages} << 55) |
           ((std::uint64_t{base} >> 24) << 56);
}

BootEntry make_boot_entry(EntryMode mode) {
    const bool is_long = mode == EntryMode::Long64;
    BootEntry entry;
    entry.mode = mode;
    entry.cr0 = kProtectionEnable | kExtensionType | (is_long ? kPaging : 0);
    entry.cr4 = is_long ? kPhysicalAddressExtension : 0;
    entry.efer = is_long ? kLongModeEnable | kLongModeActive : 0;
    entry.page_table_root = is_long ? boot_layout::kPageTables : GuestAddress{0};
    entry.gdt_base = boot_layout::kGdt;
    entry.gdt_limit = kGdtEntries * sizeof(std::uint64_t) - 1;
    entry.code = {.selector = kCodeSelector,
                  .base = 0,
                  .limit = 0xffffffff,
                  .type = kCodeExecuteRead,
                  .code_or_data = true,
                  .is_64_bit = is_long,
                  .is_32_bit = !is_long,
                  .counts_pages = true};
    entry.data = {.selector = kDataSelector,
                  .base = 0,
                  .limit = 0xffffffff,
                  .type = kDataReadWrite,
                  .code_or_data = true,
                  .is_64_bit = false,
                  .is_32_bit = true,
                  .counts_pages = true};
    entry.task = {.selector = kTaskSelector,
                  .base = 0,
                  .limit = kTssLimit,
                  .type = kTssBusy,
                  .code_or_data = false,
                  .is_64_bit = false,
                  .is_32_bit = false,
                  .counts_pages = false};
    return entry;
}

Result<> write_entry_tables(const GuestMemory& memory, const BootEntry& entry) {
    std::array<le64, kGdtEntries> gdt{};
    gdt[kCodeSelector / sizeof(le64)] = entry.code.descriptor();
    gdt[kDataSelector / sizeof(le64)] = entry.data.descriptor();
    gdt[kTaskSelector / sizeof(le64)] = entry.task.descriptor();
    SISKIN_TRY(memory.write_object(entry.gdt_base, gdt));
    if (entry.mode == EntryMode::Long64) {
        SISKIN_TRY(write_page_tables(memory));
    }
    return {};
}

}  // namespace siskin
