// SPDX-License-Identifier: Apache-2.0
// CpuRegisters: what `info registers` and `$reg` know of a virtual CPU.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace siskin::hmp {

struct SegmentRegister {
    std::uint16_t selector = 0;
    std::uint64_t base = 0;
    std::uint32_t limit = 0;
    // As in the high half of a descriptor (Intel SDM vol. 3A §3.4.5), without base and limit.
    std::uint32_t attributes = 0;
};

struct TableRegister {
    std::uint64_t base = 0;
    std::uint16_t limit = 0;
};

struct CpuRegisters {
    std::array<std::uint64_t, 16> general{};  // in the order of their encoding: rax, rcx, rdx, rbx
    std::uint64_t rip = 0;
    std::uint64_t rflags = 0;
    SegmentRegister es, cs, ss, ds, fs, gs, ldt, tr;
    TableRegister gdt, idt;
    std::uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0;
    std::array<std::uint64_t, 4> debug_addresses{};  // DR0 to DR3
    std::uint64_t dr6 = 0, dr7 = 0;
    std::uint64_t efer = 0;
    bool halted = false;

    struct FloatRegister {
        std::uint64_t mantissa = 0;
        std::uint16_t sign_and_exponent = 0;
    };
    struct VectorRegister {
        std::uint64_t low = 0, high = 0;
    };
    std::array<FloatRegister, 8> fpr{};
    std::array<VectorRegister, 16> xmm{};
    std::uint16_t fcw = 0, fsw = 0;
    std::uint8_t ftw = 0;  // a set bit: the register holds something
    std::uint32_t mxcsr = 0;
};

// $eax, $rax, $pc, $eflags, $cs, $cs.base, $cs.limit ...: the whole register by any of its names.
[[nodiscard]] std::optional<std::uint64_t> find_register(const CpuRegisters& cpu,
                                                         std::string_view name);

// The lines of `info registers`, 16 general registers where the CPU is in 64-bit mode.
[[nodiscard]] std::string registers_text(const CpuRegisters& cpu);

}  // namespace siskin::hmp
