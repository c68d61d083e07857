// SPDX-License-Identifier: Apache-2.0
// Registers and memory for the human monitor.
#include "vmm/machine/inspector.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "pci/bridge.h"
#include "vmm/machine/help.h"
#include "vmm/machine/option_syntax.h"

namespace siskin {
namespace {

constexpr std::uint64_t kPageSize = 4096;

hmp::SegmentRegister segment_of(const kvm_segment& segment) {
    // Intel SDM vol. 3A figure 3-8, the high half of a descriptor.
    const std::uint32_t attributes =
        std::uint32_t{segment.type} << 8U | std::uint32_t{segment.s} << 12U |
        std::uint32_t{segment.dpl} << 13U | std::uint32_t{segment.present} << 15U |
        std::uint32_t{segment.avl} << 20U | std::uint32_t{segment.l} << 21U |
        std::uint32_t{segment.db} << 22U | std::uint32_t{segment.g} << 23U;
    return {segment.selector, segment.base, segment.limit, attributes};
}

void take_general(hmp::CpuRegisters& cpu, const kvm_regs& registers) {
    cpu.general = {registers.rax, registers.rcx, registers.rdx, registers.rbx,
                   registers.rsp, registers.rbp, registers.rsi, registers.rdi,
                   registers.r8,  registers.r9,  registers.r10, registers.r11,
                   registers.r12, registers.r13, registers.r14, registers.r15};
    cpu.rip = registers.rip;
    cpu.rflags = registers.rflags;
}

void take_special(hmp::CpuRegisters& cpu, const kvm_sregs& registers) {
    cpu.es = segment_of(registers.es);
    cpu.cs = segment_of(registers.cs);
    cpu.ss = segment_of(registers.ss);
    cpu.ds = segment_of(registers.ds);
    cpu.fs = segment_of(registers.fs);
    cpu.gs = segment_of(registers.gs);
    cpu.ldt = segment_of(registers.ldt);
    cpu.tr = segment_of(registers.tr);
    cpu.gdt = {registers.gdt.base, registers.gdt.limit};
    cpu.idt = {registers.idt.base, registers.idt.limit};
    cpu.cr0 = registers.cr0;
    cpu.cr2 = registers.cr2;
    cpu.cr3 = registers.cr3;
    cpu.cr4 = registers.cr4;
    cpu.efer = registers.efer;
}

void take_float(hmp::CpuRegisters& cpu, const kvm_fpu& registers) {
    for (std::size_t index = 0; index < cpu.fpr.size(); ++index) {
        std::memcpy(&cpu.fpr[index].mantissa, &registers.fpr[index][0], 8);
        std::memcpy(&cpu.fpr[index].sign_and_exponent, &registers.fpr[index][8], 2);
    }
    for (std::size_t index = 0; index < cpu.xmm.size(); ++index) {
        std::memcpy(&cpu.xmm[index].low, &registers.xmm[index][0], 8);
        std::memcpy(&cpu.xmm[index].high, &registers.xmm[index][8], 8);
    }
    cpu.fcw = registers.fcw;
    cpu.fsw = registers.fsw;
    cpu.ftw = registers.ftwx;
    cpu.mxcsr = registers.mxcsr;
}

void take_debug(hmp::CpuRegisters& cpu, const kvm_debugregs& registers) {
    std::copy(std::begin(registers.db), std::end(registers.db), cpu.debug_addresses.begin());
    cpu.dr6 = registers.dr6;
    cpu.dr7 = registers.dr7;
}

Result<hmp::CpuRegisters> registers_of(const KvmVcpu& vcpu) {
    hmp::CpuRegisters cpu;
    take_general(cpu, SISKIN_TRY(vcpu.registers()));
    take_special(cpu, SISKIN_TRY(vcpu.special_registers()));
    take_float(cpu, SISKIN_TRY(vcpu.float_registers()));
    take_debug(cpu, SISKIN_TRY(vcpu.debug_registers()));
    cpu.halted = SISKIN_TRY(vcpu.is_halted());
    return cpu;
}

// Fills `into` page by page; `find` tells where each piece is, or nothing.
template <typename Find>
std::size_t read_pages(const GuestMemory& memory, std::uint64_t address, std::span<std::byte> into,
                       const Find& find) {
    std::size_t done = 0;
    while (done < into.size() && address + done >= address) {
        const std::uint64_t next = address + done;
        const std::size_t piece =
            std::min<std::size_t>(into.size() - done, kPageSize - next % kPageSize);
        const std::optional<GuestAddress> place = find(next);
        if (!place || !memory.read(*place, into.subspan(done, piece))) {
            break;
        }
        done += piece;
    }
    return done;
}

// QEMU's words, as at the start.
std::string redirection(const qmp::ChardevReturn& made, std::string_view id) {
    return made.pty ? concat("char device redirected to ", *made.pty, " (label ", id, ")\n")
                    : std::string();
}

}  // namespace

Result<std::string> MachineInspector::add_device(const std::string& options) {
    const Value::Dict members = SISKIN_TRY(parse_key_values(options, "driver"));
    if (asks_for_help(members)) {
        return device_help(options);
    }
    for (const std::string_view option : {"x-siskin-wait", "x-siskin-timeout"}) {
        if (members.find(option) != nullptr) {
            return fail(concat("'", option,
                               "' is for QMP; this monitor does not wait, 'info qtree' ",
                               "shows a device that has come"));
        }
    }
    SISKIN_TRY(machine_.add_device(members));
    return std::string();
}

Result<> MachineInspector::remove_device(const std::string& id) {
    return machine_.remove_device(id);
}

Result<std::string> MachineInspector::add_object(const std::string& options) {
    const Value::Dict members =
        SISKIN_TRY(parse_json_or(options, "qom-type", parse_object_key_values));
    if (asks_for_help(members)) {
        return object_help(options);
    }
    SISKIN_TRY(objects_.add(members));
    return std::string();
}

Result<std::string> MachineInspector::add_chardev(const std::string& options) {
    Value::Dict members = SISKIN_TRY(parse_key_values(options, "backend"));
    if (asks_for_help(members)) {
        return chardev_help();
    }
    const std::string id = members.text("id");
    return redirection(SISKIN_TRY(chardevs_.add(std::move(members))), id);
}

Result<std::string> MachineInspector::change_chardev(const std::string& id,
                                                     const std::string& options) {
    Value::Dict members = SISKIN_TRY(parse_key_values(options, "backend"));
    if (asks_for_help(members)) {
        return chardev_help();
    }
    return redirection(SISKIN_TRY(chardevs_.change(id, std::move(members))), id);
}

Result<hmp::CpuRegisters> MachineInspector::registers(std::uint32_t cpu) {
    if (cpu >= machine_.vcpus().size()) {
        return fail(concat("CPU#", cpu, " not available"));
    }
    Result<hmp::CpuRegisters> result{};
    machine_.with_parked_vcpus([&] { result = registers_of(machine_.vcpus()[cpu]->vcpu()); });
    return result;
}

std::size_t MachineInspector::read_virtual(std::uint32_t cpu, std::uint64_t address,
                                           std::span<std::byte> into) {
    if (cpu >= machine_.vcpus().size()) {
        return 0;
    }
    std::size_t done = 0;
    machine_.with_parked_vcpus([&] {
        const KvmVcpu& vcpu = machine_.vcpus()[cpu]->vcpu();
        done = read_pages(machine_.memory(), address, into,
                          [&](std::uint64_t next) { return vcpu.translate(next); });
    });
    return done;
}

std::size_t MachineInspector::read_physical(std::uint64_t address, std::span<std::byte> into) {
    return read_pages(machine_.memory(), address, into,
                      [](std::uint64_t next) { return std::optional(GuestAddress{next}); });
}

hmp::FastPaths MachineInspector::fast_paths() {
    const MutexLock hold(machine_.lock());
    return {machine_.interrupts().irqfd_count(), machine_.doorbells().count()};
}

Result<hmp::PciErrorPlace> MachineInspector::inject_pci_error(const std::string& id,
                                                              const hmp::PciError& error) {
    const MutexLock hold(machine_.lock());
    const DeviceTree::Entry* const entry = machine_.devices().find(id);
    auto* const function =
        entry == nullptr ? nullptr : dynamic_cast<PciFunction*>(entry->device.get());
    if (function == nullptr) {
        return fail(
            concat("id or pci device path is invalid or device not found. ", printable(id)));
    }
    if (!function->express_offset()) {
        return fail(concat("the device doesn't support pci express. ", printable(id)));
    }
    send_error(*function, AerError{error.status, error.correctable, error.advisory, error.header,
                                   error.prefix});
    const PciBus* root = &function->bus();
    while (!root->is_root()) {
        root = &root->parent()->bus();
    }
    const Bdf at = function->bdf();
    return hmp::PciErrorPlace{root->number(), at.bus, at.devfn.device(), at.devfn.function()};
}

}  // namespace siskin
