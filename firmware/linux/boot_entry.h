// SPDX-License-Identifier: Apache-2.0
// BootEntry: the processor state a kernel starts in, as data, and its GDT and page tables.
#pragma once

#include <cstdint>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// A segment register with its hidden part; privilege level 0, present. Every field has the meaning
// it has in kvm_segment.
struct BootSegment {
    std::uint16_t selector = 0;
    std::uint32_t base = 0;
    std::uint32_t limit = 0;    // in bytes: the last one that may be reached
    std::uint8_t type = 0;      // Intel SDM 3A §3.4.5.1 and §3.5
    bool code_or_data = true;   // S: clear for a system segment, here the TSS
    bool is_64_bit = false;     // L
    bool is_32_bit = false;     // D/B
    bool counts_pages = false;  // G: the descriptor holds limit >> 12

    // As it stands in a descriptor table (Intel SDM 3A §3.4.5). Of a 64-bit TSS the low half; its
    // high half is zero as long as the base fits 32 bits.
    [[nodiscard]] std::uint64_t descriptor() const;
};

enum class EntryMode {
    Long64,       // Linux: boot.rst, "64-bit Boot Protocol"
    Protected32,  // Xen: docs/misc/pvh.pandoc
};

// What the first vCPU's registers hold; all that is not here is as after a processor reset, with
// interrupts off. Plain data.
struct BootEntry {
    EntryMode mode = EntryMode::Long64;
    GuestAddress instruction;    // rip
    std::uint64_t rsi = 0;       // Long64: address of boot_params
    std::uint64_t rbx = 0;       // Protected32: address of hvm_start_info
    std::uint64_t rflags = 0x2;  // only the bit that is always set
    std::uint64_t cr0 = 0;
    GuestAddress page_table_root;  // cr3; Protected32: zero
    std::uint64_t cr4 = 0;
    std::uint64_t efer = 0;
    GuestAddress gdt_base;
    std::uint16_t gdt_limit = 0;  // in bytes, less one
    BootSegment code;             // cs
    BootSegment data;             // ds, es, fs, gs, ss
    BootSegment task;             // tr
};

// The state of each mode, without instruction, rsi and rbx.
[[nodiscard]] BootEntry make_boot_entry(EntryMode mode);

// Writes the GDT and, for Long64, page tables that map the first 4 GiB to themselves by 2 MiB
// pages, where boot_layout.h says. Fails where that is not RAM.
[[nodiscard]] Result<> write_entry_tables(const GuestMemory& memory, const BootEntry& entry);

}  // namespace siskin
