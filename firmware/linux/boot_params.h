// SPDX-License-Identifier: Apache-2.0
// boot_params, the "zero page" of Linux's 64-bit boot protocol.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/endian.h"
#include "base/result.h"
#include "base/units.h"
#include "firmware/linux/bzimage.h"
#include "firmware/linux/e820.h"

namespace siskin {

struct BootE820Entry {  // Linux: asm/bootparam.h, struct boot_e820_entry
    ule64 base;         //  0
    ule64 size;         //  8
    ule32 type;         // 16
};
static_assert(sizeof(BootE820Entry) == 20 && alignof(BootE820Entry) == 1);

// Linux: Documentation/x86/zero-page.rst. Only what this loader fills has a name; the rest is zero,
// which is right for a machine without EFI, APM, EDD and a video mode.
struct BootParams {
    std::array<std::uint8_t, 0x070> reserved0{};  // 0x000  screen_info, apm_bios_info, ...
    ule64 acpi_rsdp_address;                      // 0x070
    std::array<std::uint8_t, 0x170> reserved1{};  // 0x078
    std::uint8_t e820_entry_count = 0;            // 0x1e8
    std::array<std::uint8_t, 0x008> reserved2{};  // 0x1e9  sentinel at 0x1ef stays zero
    std::array<std::byte, BzImage::kHeaderEndMax - BzImage::kHeaderOffset> header{};  // 0x1f1
    std::array<std::uint8_t, 0x040> reserved3{};                                      // 0x290  EDD
    std::array<BootE820Entry, kE820EntriesMax> e820_table{};                          // 0x2d0
    std::array<std::uint8_t, 0x330> reserved4{};                                      // 0xcd0
};
static_assert(sizeof(BootParams) == 4096 && alignof(BootParams) == 1);
static_assert(offsetof(BootParams, acpi_rsdp_address) == 0x070);
static_assert(offsetof(BootParams, e820_entry_count) == 0x1e8);
static_assert(offsetof(BootParams, header) == 0x1f1);
static_assert(offsetof(BootParams, e820_table) == 0x2d0);

// Where the loader put what the kernel is to find.
struct BootParamsInput {
    GuestAddress rsdp;
    GuestAddress command_line;  // NUL-terminated
    GuestAddress initrd;
    ByteCount initrd_size;  // zero: none; initrd and its size are below 4 GiB
};

// The kernel's own setup header with the fields a boot loader fills, and the memory map (at most
// kE820EntriesMax ranges, as build_e820 gives).
[[nodiscard]] BootParams build_boot_params(const BzImage& image, const BootParamsInput& input,
                                           const std::vector<E820Entry>& e820);

}  // namespace siskin
