// SPDX-License-Identifier: Apache-2.0
// The probe of the host's KVM.
#include "vmm/kvm/host_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/ioctl.h>

#include "base/mapping.h"
#include "base/text.h"
#include "vmm/kvm/variable_struct.h"

namespace siskin {
namespace {

// One megabyte of guest memory; everything lies in its first 64 KiB.
constexpr std::size_t kMemorySize = 0x100000;
constexpr std::uint64_t kCode = 0x1000;
constexpr std::uint64_t kBreakpointHandler = 0x1100;
constexpr std::uint64_t kOperand = 0x2000;
constexpr std::uint64_t kStackTop = 0x4000;
constexpr std::uint64_t kDescriptorTable = 0x5000;
constexpr std::uint64_t kInterruptTable = 0x6000;
constexpr std::uint64_t kPageTables = 0x8000;  // PML4, PDPT, PD
constexpr int kBreakpointVector = 3;
constexpr int kRunsMax = 16;

struct ProbeStep {
    std::uint64_t offset;  // from kCode
    std::string_view name;
};

// lock cmpxchg16b [rdi]; popcnt rax, rax; int3; the handler halts.
constexpr std::array<std::uint8_t, 11> kProgram{0xf0, 0x48, 0x0f, 0xc7, 0x0f, 0xf3,
                                                0x48, 0x0f, 0xb8, 0xc0, 0xcc};
constexpr std::array kSteps{ProbeStep{0, "cmpxchg16b"}, ProbeStep{5, "popcnt"},
                            ProbeStep{10, "int3"}};
constexpr std::uint8_t kHalt = 0xf4;

// 64-bit mode with paging (Intel SDM volume 3, §9.8.5): flat code and data segments.
void set_long_mode(kvm_sregs& registers) {
    kvm_segment code{};
    code.selector = 0x10;
    code.limit = 0xffffffff;
    code.type = 0xb;
    code.present = 1;
    code.s = 1;
    code.l = 1;
    code.g = 1;
    kvm_segment data = code;
    data.selector = 0x18;
    data.type = 3;
    data.l = 0;
    data.db = 1;
    kvm_segment task{};
    task.limit = 0x67;
    task.type = 0xb;
    task.present = 1;
    registers.cs = code;
    for (kvm_segment* const segment :
         {&registers.ds, &registers.es, &registers.fs, &registers.gs, &registers.ss}) {
        *segment = data;
    }
    registers.tr = task;
    registers.cr0 = 0x80000011;  // paging, extension type, protection
    registers.cr3 = kPageTables;
    registers.cr4 = 0x20;    // physical address extension
    registers.efer = 0x500;  // long mode enabled and active
}

class Memory {
public:
    explicit Memory(Mapping mapping) : mapping_(std::move(mapping)) {}

    template <typename T>
    void put(std::uint64_t address, const T& object) {
        std::memcpy(mapping_.data() + address, &object, sizeof(object));
    }
    [[nodiscard]] const Mapping& mapping() const { return mapping_; }

private:
    Mapping mapping_;
};

void fill(Memory& memory) {
    memory.put(kCode, kProgram);
    memory.put(kBreakpointHandler, kHalt);
    // Flat 64-bit code at selector 0x10, data at 0x18 (Intel SDM volume 3, §3.4.5).
    memory.put(kDescriptorTable + 0x10, std::uint64_t{0x00af9b000000ffff});
    memory.put(kDescriptorTable + 0x18, std::uint64_t{0x00cf93000000ffff});
    // A 64-bit interrupt gate (§6.14.1); the handler lies below 64 KiB.
    const std::uint64_t gate = kBreakpointHandler | (0x10ULL << 16U) | (0x8eULL << 40U);
    memory.put(kInterruptTable + kBreakpointVector * 16, gate);
    // The first 2 MiB, mapped one to one (§4.5).
    memory.put(kPageTables, std::uint64_t{(kPageTables + 0x1000) | 3});
    memory.put(kPageTables + 0x1000, std::uint64_t{(kPageTables + 0x2000) | 3});
    memory.put(kPageTables + 0x2000, std::uint64_t{0x83});
}

Result<> set_state(const Fd& vcpu) {
    kvm_sregs special{};
    if (kvm_ioctl(vcpu, KVM_GET_SREGS, &special) != 0) {
        return fail_errno("KVM_GET_SREGS", errno);
    }
    set_long_mode(special);
    special.gdt.base = kDescriptorTable;
    special.gdt.limit = 0x1f;
    special.idt.base = kInterruptTable;
    special.idt.limit = (kBreakpointVector + 1) * 16 - 1;
    kvm_regs registers{};
    registers.rip = kCode;
    registers.rsp = kStackTop;
    registers.rdi = kOperand;
    registers.rflags = 2;
    if (kvm_ioctl(vcpu, KVM_SET_SREGS, &special) != 0 ||
        kvm_ioctl(vcpu, KVM_SET_REGS, &registers) != 0) {
        return fail_errno("setting the probe's registers", errno);
    }
    return {};
}

Result<> set_cpuid(const Kvm& kvm, const Fd& vcpu) {
    const auto entries = SISKIN_TRY(kvm.supported_cpuid());
    VariableStruct<kvm_cpuid2, kvm_cpuid_entry2> table(entries.size());
    table.header()->nent = static_cast<std::uint32_t>(entries.size());
    std::copy(entries.begin(), entries.end(), table.entries().begin());
    if (kvm_ioctl(vcpu, KVM_SET_CPUID2, table.header()) != 0) {
        return fail_errno("KVM_SET_CPUID2", errno);
    }
    return {};
}

std::string step_at(const Fd& vcpu) {
    kvm_regs registers{};
    if (kvm_ioctl(vcpu, KVM_GET_REGS, &registers) != 0) {
        return "an instruction";
    }
    for (const ProbeStep& step : kSteps) {
        if (registers.rip == kCode + step.offset) {
            return std::string(step.name);
        }
    }
    return concat("the instruction at ", hex(registers.rip));
}

HostVerdict run(const Fd& vcpu, const kvm_run& shared) {
    for (int attempt = 0; attempt < kRunsMax; ++attempt) {
        if (::ioctl(vcpu.get(), KVM_RUN, nullptr) != 0) {
            if (errno == EINTR) {
                continue;
            }
            return HostVerdict{false, concat("KVM_RUN: ", errno_text(errno))};
        }
        switch (shared.exit_reason) {
            case KVM_EXIT_HLT: return HostVerdict{true, ""};
            case KVM_EXIT_INTERNAL_ERROR:
                return HostVerdict{
                    false, concat("it cannot run '", step_at(vcpu), "' in a guest's kernel mode")};
            case KVM_EXIT_INTR: continue;
            default:
                return HostVerdict{false, concat("'", step_at(vcpu), "' ended in KVM exit reason ",
                                                 shared.exit_reason)};
        }
    }
    return HostVerdict{false, "the probe was interrupted too often"};
}

}  // namespace

Result<HostVerdict> probe_host(const Kvm& kvm) {
    Memory memory(SISKIN_TRY(Mapping::anonymous(kMemorySize)));
    fill(memory);
    const Fd vm = SISKIN_TRY(kvm.create_vm());
    kvm_userspace_memory_region slot{};
    slot.memory_size = kMemorySize;
    slot.userspace_addr = reinterpret_cast<std::uint64_t>(memory.mapping().data());
    if (kvm_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot) != 0 ||
        kvm_ioctl_value(vm, KVM_SET_TSS_ADDR, kMemorySize) != 0) {
        return fail_errno("setting up the probe", errno);
    }
    const Fd vcpu(kvm_ioctl_value(vm, KVM_CREATE_VCPU, 0));
    if (!vcpu.valid()) {
        return fail_errno("KVM_CREATE_VCPU", errno);
    }
    const Mapping page = SISKIN_TRY(Mapping::shared(vcpu, kvm.vcpu_page_size()));
    SISKIN_TRY(set_cpuid(kvm, vcpu));
    SISKIN_TRY(set_state(vcpu));
    return run(vcpu, *reinterpret_cast<const kvm_run*>(page.data()));
}

}  // namespace siskin
