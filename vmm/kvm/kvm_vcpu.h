// SPDX-License-Identifier: Apache-2.0
// KvmVcpu: one virtual CPU in the kernel.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/mapping.h"
#include "base/result.h"
#include "vmm/kvm/exit.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/kvm_vm.h"

namespace siskin {

// Thread: run() belongs to the vCPU's thread; the state functions to whoever owns the vCPU while
// that thread is parked; kick_next_run() to any thread.
class KvmVcpu {
public:
    // `apic_id` is also the kernel's number of the vCPU.
    [[nodiscard]] static Result<std::unique_ptr<KvmVcpu>> create(
        const Kvm& kvm, const KvmVm& vm, std::uint32_t apic_id,
        std::span<const kvm_cpuid_entry2> cpuid);

    // Enters the guest until something is to be done. What a PortExit or MemoryExit points to is
    // valid until the next run().
    [[nodiscard]] VcpuExit run();
    // The next run(), or the one that a signal interrupts now, returns InterruptedExit, after
    // finishing the access that is under way. Until allow_run().
    void kick_next_run();
    void allow_run();

    // The vCPU takes a non-maskable interrupt when it runs next.
    [[nodiscard]] Result<> inject_nmi() const;
    // The guest was stopped: its watchdogs are not to count that time. For a guest that keeps a
    // kvmclock; nothing for others.
    void tell_of_pause();
    // Everything as after power-on; the vCPU waits for start-up where `waits_for_sipi`.
    [[nodiscard]] Result<> restore_power_on_state(bool waits_for_sipi);
    [[nodiscard]] Result<kvm_regs> registers() const;
    [[nodiscard]] Result<> set_registers(const kvm_regs& registers);
    [[nodiscard]] Result<kvm_sregs> special_registers() const;
    [[nodiscard]] Result<> set_special_registers(const kvm_sregs& registers);
    [[nodiscard]] Result<kvm_fpu> float_registers() const;
    [[nodiscard]] Result<kvm_debugregs> debug_registers() const;
    // Of KvmStatistics::open(); may be read while the vCPU runs.
    [[nodiscard]] const Fd& statistics() const { return statistics_; }
    // Whether it waits in a HLT instruction.
    [[nodiscard]] Result<bool> is_halted() const;
    // Where a linear address leads by the page tables in use now; nothing where it is not mapped.
    [[nodiscard]] std::optional<GuestAddress> translate(std::uint64_t linear_address) const;

private:
    // The parts of the state that KVM resets only when a vCPU is created.
    struct PowerOnState {
        kvm_regs registers;
        kvm_sregs special_registers;
        kvm_xsave extended_state;
        kvm_xcrs extended_control;
        kvm_debugregs debug_registers;
        kvm_vcpu_events events;
        kvm_lapic_state lapic;
        std::vector<kvm_msr_entry> msrs;
    };

    KvmVcpu(Fd fd, Mapping page) : fd_(std::move(fd)), page_(std::move(page)) {}
    [[nodiscard]] kvm_run& shared() const { return *reinterpret_cast<kvm_run*>(page_.data()); }
    [[nodiscard]] Result<> set_cpuid(std::span<const kvm_cpuid_entry2> entries);
    [[nodiscard]] Result<> save_power_on_state(const Kvm& kvm);
    [[nodiscard]] std::vector<kvm_msr_entry> read_msrs(std::vector<std::uint32_t> indices) const;
    [[nodiscard]] VcpuExit decode_exit() const;

    Fd fd_;
    Fd statistics_;
    Mapping page_;
    std::unique_ptr<PowerOnState> power_on_;
};

}  // namespace siskin
