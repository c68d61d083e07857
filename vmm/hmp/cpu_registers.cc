// SPDX-License-Identifier: Apache-2.0
// Registers by name, and their dump in the form of QEMU.
#include "vmm/hmp/cpu_registers.h"

#include "base/text.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

// Intel SDM vol. 3A §2.2.1, §2.3, §2.5, §3.4.5.
constexpr std::uint64_t kCr0ProtectedMode = 1;
constexpr std::uint64_t kEferLongModeActive = 1U << 10U;
constexpr std::uint64_t kFlagsVirtual8086 = 1U << 17U;
constexpr std::uint32_t kAttributeAccessed = 1U << 8U;
constexpr std::uint32_t kAttributeReadWrite = 1U << 9U;
constexpr std::uint32_t kAttributeDownOrConforming = 1U << 10U;
constexpr std::uint32_t kAttributeCode = 1U << 11U;
constexpr std::uint32_t kAttributeNotSystem = 1U << 12U;
constexpr std::uint32_t kAttributePresent = 1U << 15U;
constexpr std::uint32_t kAttributeLong = 1U << 21U;
constexpr std::uint32_t kAttributeBig = 1U << 22U;

constexpr std::array<std::string_view, 16> kLongNames{"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                      "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                      "r12", "r13", "r14", "r15"};

struct NamedSegment {
    std::string_view name;
    SegmentRegister CpuRegisters::*segment;
};
constexpr std::array<NamedSegment, 6> kSegments{
    NamedSegment{"es", &CpuRegisters::es}, NamedSegment{"cs", &CpuRegisters::cs},
    NamedSegment{"ss", &CpuRegisters::ss}, NamedSegment{"ds", &CpuRegisters::ds},
    NamedSegment{"fs", &CpuRegisters::fs}, NamedSegment{"gs", &CpuRegisters::gs}};

bool in_long_mode(const CpuRegisters& cpu) {
    return (cpu.efer & kEferLongModeActive) != 0;
}
bool in_64_bit_mode(const CpuRegisters& cpu) {
    return in_long_mode(cpu) && (cpu.cs.attributes & kAttributeLong) != 0;
}
bool has_descriptors(const CpuRegisters& cpu) {
    return (cpu.cr0 & kCr0ProtectedMode) != 0 && (cpu.rflags & kFlagsVirtual8086) == 0;
}

std::optional<std::uint64_t> find_segment(const CpuRegisters& cpu, std::string_view name) {
    for (const NamedSegment& row : kSegments) {
        if (name.substr(0, row.name.size()) != row.name) {
            continue;
        }
        const SegmentRegister& segment = cpu.*row.segment;
        const std::string_view part = name.substr(row.name.size());
        if (part.empty()) {
            return segment.selector;
        }
        if (part == ".base") {
            return segment.base;
        }
        if (part == ".limit") {
            return segment.limit;
        }
    }
    return std::nullopt;
}

std::string segment_flags(std::uint32_t attributes, std::string_view third) {
    return concat(" [", (attributes & kAttributeDownOrConforming) != 0 ? third.substr(0, 1) : "-",
                  (attributes & kAttributeReadWrite) != 0 ? third.substr(1, 1) : "-",
                  (attributes & kAttributeAccessed) != 0 ? "A" : "-", "]");
}

std::string_view system_type(std::uint32_t attributes, bool long_mode) {
    static constexpr std::array<std::string_view, 16> kNames{
        "Reserved",   "TSS16-avl",  "LDT",       "TSS16-busy", "CallGate16", "TaskGate",
        "IntGate16",  "TrapGate16", "Reserved",  "TSS32-avl",  "Reserved",   "TSS32-busy",
        "CallGate32", "Reserved",   "IntGate32", "TrapGate32"};
    static constexpr std::array<std::string_view, 16> kLongModeNames{
        "<hiword>",   "Reserved", "LDT",       "Reserved",  "Reserved", "Reserved",
        "Reserved",   "Reserved", "Reserved",  "TSS64-avl", "Reserved", "TSS64-busy",
        "CallGate64", "Reserved", "IntGate64", "TrapGate64"};
    return (long_mode ? kLongModeNames : kNames)[(attributes >> 8U) & 0xfU];
}

std::string segment_meaning(const CpuRegisters& cpu, const SegmentRegister& segment) {
    const std::uint32_t attributes = segment.attributes;
    if (!has_descriptors(cpu) || (attributes & kAttributePresent) == 0) {
        return "";
    }
    std::string text = concat(" DPL=", (attributes >> 13U) & 3U, ' ');
    if ((attributes & kAttributeNotSystem) == 0) {
        return text.append(system_type(attributes, in_long_mode(cpu)));
    }
    if ((attributes & kAttributeCode) != 0) {
        text += (attributes & kAttributeLong) != 0  ? "CS64"
                : (attributes & kAttributeBig) != 0 ? "CS32"
                                                    : "CS16";
        return text + segment_flags(attributes, "CR");
    }
    const bool wide = (attributes & kAttributeBig) != 0 || in_long_mode(cpu);
    return concat(text, wide ? "DS  " : "DS16", segment_flags(attributes, "EW"));
}

std::string segment_line(const CpuRegisters& cpu, std::string_view label,
                         const SegmentRegister& segment) {
    return concat(left_aligned(label, 3), '=', hex_digits(segment.selector, 4), ' ',
                  hex_digits(segment.base, in_long_mode(cpu) ? 16 : 8), ' ',
                  hex_digits(segment.limit, 8), ' ', hex_digits(segment.attributes, 8),
                  segment_meaning(cpu, segment), '\n');
}

std::string segment_lines(const CpuRegisters& cpu) {
    return segment_line(cpu, "ES", cpu.es) + segment_line(cpu, "CS", cpu.cs) +
           segment_line(cpu, "SS", cpu.ss) + segment_line(cpu, "DS", cpu.ds) +
           segment_line(cpu, "FS", cpu.fs) + segment_line(cpu, "GS", cpu.gs) +
           segment_line(cpu, "LDT", cpu.ldt) + segment_line(cpu, "TR", cpu.tr);
}

std::string flag_letters(std::uint64_t rflags) {
    struct Flag {
        unsigned bit;
        char letter;
    };
    static constexpr std::array kFlags{Flag{10, 'D'}, Flag{11, 'O'}, Flag{7, 'S'}, Flag{6, 'Z'},
                                       Flag{4, 'A'},  Flag{2, 'P'},  Flag{0, 'C'}};
    std::string text;
    for (const Flag& flag : kFlags) {
        text += (rflags >> flag.bit & 1U) != 0 ? flag.letter : '-';
    }
    return text;
}

std::string state_text(const CpuRegisters& cpu) {
    return concat(" [", flag_letters(cpu.rflags), "] CPL=", (cpu.ss.attributes >> 13U) & 3U,
                  " II=0 A20=1 SMM=0 HLT=", cpu.halted ? 1 : 0, '\n');
}

// As many values a line as there are labels in a row, each "LABEL=hex".
struct Labelled {
    std::string_view label;
    std::uint64_t value;
};

std::string value_line(std::initializer_list<Labelled> values, std::size_t width) {
    std::string line;
    for (const Labelled& value : values) {
        line += concat(line.empty() ? "" : " ", value.label, '=', hex_digits(value.value, width));
    }
    return line + '\n';
}

std::string general_lines(const CpuRegisters& cpu) {
    const auto& r = cpu.general;
    if (in_64_bit_mode(cpu)) {
        return value_line({{"RAX", r[0]}, {"RBX", r[3]}, {"RCX", r[1]}, {"RDX", r[2]}}, 16) +
               value_line({{"RSI", r[6]}, {"RDI", r[7]}, {"RBP", r[5]}, {"RSP", r[4]}}, 16) +
               value_line({{"R8 ", r[8]}, {"R9 ", r[9]}, {"R10", r[10]}, {"R11", r[11]}}, 16) +
               value_line({{"R12", r[12]}, {"R13", r[13]}, {"R14", r[14]}, {"R15", r[15]}}, 16) +
               concat("RIP=", hex_digits(cpu.rip, 16), " RFL=", hex_digits(cpu.rflags, 8));
    }
    const auto low = [&](std::size_t index) { return r[index] & 0xffffffffU; };
    return value_line({{"EAX", low(0)}, {"EBX", low(3)}, {"ECX", low(1)}, {"EDX", low(2)}}, 8) +
           value_line({{"ESI", low(6)}, {"EDI", low(7)}, {"EBP", low(5)}, {"ESP", low(4)}}, 8) +
           concat("EIP=", hex_digits(cpu.rip & 0xffffffffU, 8),
                  " EFL=", hex_digits(cpu.rflags & 0xffffffffU, 8));
}

std::string system_lines(const CpuRegisters& cpu) {
    const std::size_t width = in_long_mode(cpu) ? 16 : 8;
    std::string text = concat(
        "GDT=     ", hex_digits(cpu.gdt.base, width), ' ', hex_digits(cpu.gdt.limit, 8),
        "\nIDT=     ", hex_digits(cpu.idt.base, width), ' ', hex_digits(cpu.idt.limit, 8), '\n');
    text += concat("CR0=", hex_digits(cpu.cr0, 8), " CR2=", hex_digits(cpu.cr2, width),
                   " CR3=", hex_digits(cpu.cr3, width), " CR4=", hex_digits(cpu.cr4, 8), '\n');
    for (std::size_t index = 0; index < cpu.debug_addresses.size(); ++index) {
        text += concat("DR", index, '=', hex_digits(cpu.debug_addresses[index], 16), ' ');
    }
    return concat(text, "\nDR6=", hex_digits(cpu.dr6, 16), " DR7=", hex_digits(cpu.dr7, 16),
                  "\nEFER=", hex_digits(cpu.efer, 16), '\n');
}

std::string float_lines(const CpuRegisters& cpu) {
    std::string text = concat("FCW=", hex_digits(cpu.fcw, 4), " FSW=", hex_digits(cpu.fsw, 4),
                              " [ST=", (cpu.fsw >> 11U) & 7U, "] FTW=", hex_digits(cpu.ftw, 2),
                              " MXCSR=", hex_digits(cpu.mxcsr, 8), '\n');
    for (std::size_t index = 0; index < cpu.fpr.size(); ++index) {
        text +=
            concat("FPR", index, '=', hex_digits(cpu.fpr[index].mantissa, 16), ' ',
                   hex_digits(cpu.fpr[index].sign_and_exponent, 4), index % 2 == 1 ? '\n' : ' ');
    }
    const std::size_t vectors = in_64_bit_mode(cpu) ? 16 : 8;
    for (std::size_t index = 0; index < vectors; ++index) {
        text +=
            concat("XMM", index < 10 ? "0" : "", index, '=', hex_digits(cpu.xmm[index].high, 16),
                   ' ', hex_digits(cpu.xmm[index].low, 16), index % 2 == 1 ? '\n' : ' ');
    }
    return text;
}

}  // namespace

std::optional<std::uint64_t> find_register(const CpuRegisters& cpu, std::string_view name) {
    for (std::size_t index = 0; index < kLongNames.size(); ++index) {
        const std::string_view long_name = kLongNames[index];
        const bool is_short = index < 8 && name.size() == 3 && name[0] == 'e' &&
                              name.substr(1) == long_name.substr(1);
        if (name == long_name || is_short) {
            return cpu.general[index];
        }
    }
    if (name == "sp" || name == "fp") {
        return cpu.general[name == "sp" ? 4 : 5];
    }
    if (name == "rip" || name == "eip") {
        return cpu.rip;
    }
    if (name == "pc") {  // with the segment it is fetched by
        return in_64_bit_mode(cpu) ? cpu.rip : cpu.cs.base + cpu.rip;
    }
    if (name == "eflags" || name == "rflags") {
        return cpu.rflags;
    }
    return find_segment(cpu, name);
}

std::string registers_text(const CpuRegisters& cpu) {
    return general_lines(cpu) + state_text(cpu) + segment_lines(cpu) + system_lines(cpu) +
           float_lines(cpu);
}

}  // namespace siskin::hmp
