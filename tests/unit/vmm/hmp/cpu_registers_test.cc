// SPDX-License-Identifier: Apache-2.0
// Registers by name and as a dump; the layout is that of QEMU 7.2.
#include "vmm/hmp/cpu_registers.h"

#include <doctest/doctest.h>

namespace siskin::hmp {
namespace {

// What tools/guest/hello leaves when it halts.
CpuRegisters long_mode() {
    CpuRegisters cpu;
    cpu.general[0] = 0x1122334455667788;
    cpu.general[4] = 0x10eff0;
    cpu.general[9] = 9;
    cpu.rip = 0x100092;
    cpu.rflags = 0x46;
    cpu.cs = {8, 0, 0xffffffff, 0xa09a00};
    cpu.ds = {0x10, 0, 0xffffffff, 0xc09300};
    cpu.ldt = {0, 0, 0xffff, 0x8200};
    cpu.tr = {0, 0, 0xffff, 0x8b00};
    cpu.gdt = {0x1002d8, 0x1f};
    cpu.cr0 = 0x80000011;
    cpu.efer = 0x500;
    cpu.halted = true;
    cpu.fcw = 0x37f;
    cpu.xmm[15] = {2, 1};
    return cpu;
}

CpuRegisters real_mode() {
    CpuRegisters cpu;
    cpu.rip = 0xfff0;
    cpu.rflags = 2;
    cpu.cr0 = 0x60000010;
    cpu.cs = {0xf000, 0xffff0000, 0xffff, 0x9b00};
    return cpu;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("vmm/hmp/cpu_registers") {
    TEST_CASE("a register has its long and its short name, and both mean all of it") {
        const CpuRegisters cpu = long_mode();

        CHECK(find_register(cpu, "rax") == 0x1122334455667788);
        CHECK(find_register(cpu, "eax") == 0x1122334455667788);
        CHECK(find_register(cpu, "esp") == 0x10eff0);
        CHECK(find_register(cpu, "sp") == 0x10eff0);
        CHECK(find_register(cpu, "r9") == 9);
        CHECK(find_register(cpu, "rip") == 0x100092);
        CHECK(find_register(cpu, "eip") == 0x100092);
        CHECK(find_register(cpu, "eflags") == 0x46);
        CHECK(find_register(cpu, "cs") == 8);
        CHECK(find_register(cpu, "cs.limit") == 0xffffffff);
        CHECK_FALSE(find_register(cpu, "cr0").has_value());
        CHECK_FALSE(find_register(cpu, "").has_value());
        CHECK_FALSE(find_register(cpu, "cs.none").has_value());
    }

    TEST_CASE("$pc is where the next instruction is fetched, segment and all") {
        CHECK(find_register(real_mode(), "pc") == 0xfffffff0);
        CHECK(find_register(real_mode(), "cs.base") == 0xffff0000);
        CHECK(find_register(long_mode(), "pc") == 0x100092);
    }

    TEST_CASE("in 64-bit mode the dump has sixteen wide registers") {
        const std::string text = registers_text(long_mode());

        CHECK(text.starts_with("RAX=1122334455667788 RBX=0000000000000000 "));
        CHECK(has(text, "\nR8 =0000000000000000 R9 =0000000000000009 R10="));
        CHECK(has(text,
                  "\nRIP=0000000000100092 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 "
                  "HLT=1\n"));
        CHECK(has(text, "\nCS =0008 0000000000000000 ffffffff 00a09a00 DPL=0 CS64 [-R-]\n"));
        CHECK(has(text, "\nDS =0010 0000000000000000 ffffffff 00c09300 DPL=0 DS   [-WA]\n"));
        CHECK(has(text, "\nLDT=0000 0000000000000000 0000ffff 00008200 DPL=0 LDT\n"));
        CHECK(has(text, "\nTR =0000 0000000000000000 0000ffff 00008b00 DPL=0 TSS64-busy\n"));
        CHECK(has(text, "\nGDT=     00000000001002d8 0000001f\n"));
        CHECK(has(text, "\nCR0=80000011 CR2=0000000000000000 CR3=0000000000000000 CR4=00000000\n"));
        CHECK(has(text, "\nEFER=0000000000000500\n"));
        CHECK(has(text, "\nFCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00000000\n"));
        CHECK(text.ends_with(" XMM15=0000000000000001 0000000000000002\n"));
    }

    TEST_CASE("in real mode the dump is narrow, and segments have no descriptors") {
        const std::string text = registers_text(real_mode());

        CHECK(text.starts_with("EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000000\n"));
        CHECK(has(text, "\nEIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"));
        CHECK(has(text, "\nCS =f000 ffff0000 0000ffff 00009b00\n"));
        CHECK(has(text, "\nGDT=     00000000 00000000\n"));
        CHECK(has(text, "DR3=0000000000000000 \nDR6="));
        CHECK_FALSE(has(text, "XMM08"));
    }

    TEST_CASE("in protected mode code and data have their width") {
        CpuRegisters cpu = real_mode();
        cpu.cr0 = 0x11;
        cpu.cs = {8, 0, 0xffffffff, 0xc09b00};
        cpu.ss = {0x10, 0, 0xffff, 0x9700};
        cpu.tr = {0, 0, 0xffff, 0x8b00};

        const std::string text = registers_text(cpu);

        CHECK(has(text, "\nCS =0008 00000000 ffffffff 00c09b00 DPL=0 CS32 [-RA]\n"));
        CHECK(has(text, "\nSS =0010 00000000 0000ffff 00009700 DPL=0 DS16 [EWA]\n"));
        CHECK(has(text, " 00008b00 DPL=0 TSS32-busy\n"));
    }
}

}  // namespace siskin::hmp
