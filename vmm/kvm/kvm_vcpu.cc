// SPDX-License-Identifier: Apache-2.0
// One virtual CPU in the kernel.
#include "vmm/kvm/kvm_vcpu.h"

#include <algorithm>
#include <cerrno>

#include <sys/ioctl.h>

#include "base/text.h"
#include "vmm/kvm/statistics.h"
#include "vmm/kvm/variable_struct.h"

namespace siskin {
namespace {

// Reset does not touch the time-stamp counters: they stay in step with each other.
constexpr std::uint32_t kMsrTimeStampCounter = 0x10;
constexpr std::uint32_t kMsrTimeStampAdjust = 0x3b;

template <typename State>
Result<> transfer(const Fd& fd, unsigned long request, const char* name, State& state) {
    if (kvm_ioctl(fd, request, &state) != 0) {
        return fail_errno(name, errno);
    }
    return {};
}

// How many of `entries` the kernel took or gave; it stops at the first that it cannot.
std::size_t transfer_msrs(const Fd& fd, unsigned long request, std::span<kvm_msr_entry> entries) {
    VariableStruct<kvm_msrs, kvm_msr_entry> list(entries.size());
    list.header()->nmsrs = static_cast<std::uint32_t>(entries.size());
    std::copy(entries.begin(), entries.end(), list.entries().begin());
    const int done = kvm_ioctl(fd, request, list.header());
    std::copy(list.entries().begin(), list.entries().end(), entries.begin());
    return done > 0 ? static_cast<std::size_t>(done) : 0;
}

// Drops from `entries` each register with which the kernel fails.
void transfer_possible_msrs(const Fd& fd, unsigned long request,
                            std::vector<kvm_msr_entry>& entries) {
    std::size_t done = 0;
    while (done < entries.size()) {
        done += transfer_msrs(fd, request, std::span(entries).subspan(done));
        if (done < entries.size()) {
            entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(done));
        }
    }
}

std::string describe_internal_error(const kvm_run& run) {
    std::string text = concat("KVM_EXIT_INTERNAL_ERROR, suberror ", run.internal.suberror);
    if (run.internal.suberror == KVM_INTERNAL_ERROR_EMULATION) {
        text += " (KVM cannot emulate a guest instruction)";
    }
    return text;
}

std::string describe_failure(const kvm_run& run) {
    switch (run.exit_reason) {
        case KVM_EXIT_INTERNAL_ERROR: return describe_internal_error(run);
        case KVM_EXIT_FAIL_ENTRY:
            return concat("KVM_EXIT_FAIL_ENTRY, hardware reason ",
                          hex(run.fail_entry.hardware_entry_failure_reason));
        case KVM_EXIT_UNKNOWN:
            return concat("KVM_EXIT_UNKNOWN, hardware reason ", hex(run.hw.hardware_exit_reason));
        default:
            return concat("KVM exit reason ", run.exit_reason, ", which siskin never asks for");
    }
}

}  // namespace

Result<std::unique_ptr<KvmVcpu>> KvmVcpu::create(const Kvm& kvm, const KvmVm& vm,
                                                 std::uint32_t apic_id,
                                                 std::span<const kvm_cpuid_entry2> cpuid) {
    Fd fd = SISKIN_TRY(vm.create_vcpu(apic_id));
    Mapping page = SISKIN_TRY(Mapping::shared(fd, kvm.vcpu_page_size()));
    std::unique_ptr<KvmVcpu> vcpu(new KvmVcpu(std::move(fd), std::move(page)));
    // CPUID first: newer kernels derive what registers exist from it.
    SISKIN_TRY(vcpu->set_cpuid(cpuid));
    SISKIN_TRY(vcpu->save_power_on_state(kvm));
    vcpu->statistics_ = SISKIN_TRY(KvmStatistics::open(vcpu->fd_));
    return vcpu;
}

Result<> KvmVcpu::set_cpuid(std::span<const kvm_cpuid_entry2> entries) {
    VariableStruct<kvm_cpuid2, kvm_cpuid_entry2> table(entries.size());
    table.header()->nent = static_cast<std::uint32_t>(entries.size());
    std::copy(entries.begin(), entries.end(), table.entries().begin());
    return transfer(fd_, KVM_SET_CPUID2, "KVM_SET_CPUID2", *table.header());
}

Result<> KvmVcpu::inject_nmi() const {
    if (kvm_ioctl(fd_, KVM_NMI) != 0) {
        return fail_errno("KVM_NMI", errno);
    }
    return {};
}

void KvmVcpu::tell_of_pause() {
    // EINVAL: this guest has set up no kvmclock.
    [[maybe_unused]] const int result = kvm_ioctl(fd_, KVM_KVMCLOCK_CTRL);
}

Result<> KvmVcpu::save_power_on_state(const Kvm& kvm) {
    power_on_ = std::make_unique<PowerOnState>();
    PowerOnState& state = *power_on_;
    SISKIN_TRY(transfer(fd_, KVM_GET_REGS, "KVM_GET_REGS", state.registers));
    SISKIN_TRY(transfer(fd_, KVM_GET_SREGS, "KVM_GET_SREGS", state.special_registers));
    SISKIN_TRY(transfer(fd_, KVM_GET_XSAVE, "KVM_GET_XSAVE", state.extended_state));
    SISKIN_TRY(transfer(fd_, KVM_GET_XCRS, "KVM_GET_XCRS", state.extended_control));
    SISKIN_TRY(transfer(fd_, KVM_GET_DEBUGREGS, "KVM_GET_DEBUGREGS", state.debug_registers));
    SISKIN_TRY(transfer(fd_, KVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS", state.events));
    SISKIN_TRY(transfer(fd_, KVM_GET_LAPIC, "KVM_GET_LAPIC", state.lapic));
    state.msrs = read_msrs(SISKIN_TRY(kvm.msr_indices()));
    // Some registers can be read but not written back on some hosts; those keep themselves.
    transfer_possible_msrs(fd_, KVM_SET_MSRS, state.msrs);
    return {};
}

std::vector<kvm_msr_entry> KvmVcpu::read_msrs(std::vector<std::uint32_t> indices) const {
    std::vector<kvm_msr_entry> entries;
    for (const std::uint32_t index : indices) {
        if (index != kMsrTimeStampCounter && index != kMsrTimeStampAdjust) {
            kvm_msr_entry entry{};
            entry.index = index;
            entries.push_back(entry);
        }
    }
    transfer_possible_msrs(fd_, KVM_GET_MSRS, entries);
    return entries;
}

Result<> KvmVcpu::restore_power_on_state(bool waits_for_sipi) {
    PowerOnState& state = *power_on_;
    SISKIN_TRY(transfer(fd_, KVM_SET_SREGS, "KVM_SET_SREGS", state.special_registers));
    SISKIN_TRY(transfer(fd_, KVM_SET_REGS, "KVM_SET_REGS", state.registers));
    // A host without XSAVE has none of these registers and refuses to set them.
    if (state.extended_control.nr_xcrs != 0) {
        SISKIN_TRY(transfer(fd_, KVM_SET_XCRS, "KVM_SET_XCRS", state.extended_control));
    }
    SISKIN_TRY(transfer(fd_, KVM_SET_XSAVE, "KVM_SET_XSAVE", state.extended_state));
    SISKIN_TRY(transfer(fd_, KVM_SET_DEBUGREGS, "KVM_SET_DEBUGREGS", state.debug_registers));
    std::vector<kvm_msr_entry> msrs = state.msrs;
    transfer_possible_msrs(fd_, KVM_SET_MSRS, msrs);
    SISKIN_TRY(transfer(fd_, KVM_SET_LAPIC, "KVM_SET_LAPIC", state.lapic));
    SISKIN_TRY(transfer(fd_, KVM_SET_VCPU_EVENTS, "KVM_SET_VCPU_EVENTS", state.events));
    kvm_mp_state mp_state{};
    mp_state.mp_state = waits_for_sipi ? KVM_MP_STATE_UNINITIALIZED : KVM_MP_STATE_RUNNABLE;
    return transfer(fd_, KVM_SET_MP_STATE, "KVM_SET_MP_STATE", mp_state);
}

Result<kvm_regs> KvmVcpu::registers() const {
    kvm_regs registers{};
    SISKIN_TRY(transfer(fd_, KVM_GET_REGS, "KVM_GET_REGS", registers));
    return registers;
}

Result<> KvmVcpu::set_registers(const kvm_regs& registers) {
    kvm_regs copy = registers;
    return transfer(fd_, KVM_SET_REGS, "KVM_SET_REGS", copy);
}

Result<kvm_sregs> KvmVcpu::special_registers() const {
    kvm_sregs registers{};
    SISKIN_TRY(transfer(fd_, KVM_GET_SREGS, "KVM_GET_SREGS", registers));
    return registers;
}

Result<> KvmVcpu::set_special_registers(const kvm_sregs& registers) {
    kvm_sregs copy = registers;
    return transfer(fd_, KVM_SET_SREGS, "KVM_SET_SREGS", copy);
}

Result<kvm_fpu> KvmVcpu::float_registers() const {
    kvm_fpu registers{};
    SISKIN_TRY(transfer(fd_, KVM_GET_FPU, "KVM_GET_FPU", registers));
    // KVM leaves this one out of kvm_fpu; it is in the saved area at byte 24 (Intel SDM vol. 1
    // table 10-2).
    const auto area = std::make_unique<kvm_xsave>();
    SISKIN_TRY(transfer(fd_, KVM_GET_XSAVE, "KVM_GET_XSAVE", *area));
    registers.mxcsr = area->region[24 / sizeof(area->region[0])];
    return registers;
}

Result<kvm_debugregs> KvmVcpu::debug_registers() const {
    kvm_debugregs registers{};
    SISKIN_TRY(transfer(fd_, KVM_GET_DEBUGREGS, "KVM_GET_DEBUGREGS", registers));
    return registers;
}

Result<bool> KvmVcpu::is_halted() const {
    kvm_mp_state state{};
    SISKIN_TRY(transfer(fd_, KVM_GET_MP_STATE, "KVM_GET_MP_STATE", state));
    return state.mp_state == KVM_MP_STATE_HALTED;
}

std::optional<GuestAddress> KvmVcpu::translate(std::uint64_t linear_address) const {
    kvm_translation translation{};
    translation.linear_address = linear_address;
    const bool found = kvm_ioctl(fd_, KVM_TRANSLATE, &translation) == 0 && translation.valid != 0;
    return found ? std::optional(GuestAddress{translation.physical_address}) : std::nullopt;
}

VcpuExit KvmVcpu::run() {
    if (::ioctl(fd_.get(), KVM_RUN, nullptr) != 0) {
        // EAGAIN: a vCPU that waited for its start-up was woken (api.rst, KVM_RUN).
        if (errno == EINTR || errno == EAGAIN) {
            return InterruptedExit{};
        }
        return FailedExit{concat("KVM_RUN: ", errno_text(errno))};
    }
    return decode_exit();
}

VcpuExit KvmVcpu::decode_exit() const {
    kvm_run& run = shared();
    auto* const page = reinterpret_cast<std::uint8_t*>(page_.data());
    switch (run.exit_reason) {
        case KVM_EXIT_IO: {
            const std::size_t size = std::size_t{run.io.size} * run.io.count;
            return PortExit{run.io.port, run.io.size, run.io.count,
                            run.io.direction == KVM_EXIT_IO_OUT,
                            std::span(page + run.io.data_offset, size)};
        }
        case KVM_EXIT_MMIO:
            return MemoryExit{run.mmio.phys_addr, run.mmio.is_write != 0,
                              std::span(run.mmio.data, run.mmio.len)};
        case KVM_EXIT_INTR: return InterruptedExit{};
        case KVM_EXIT_SHUTDOWN: return TripleFaultExit{};
        default: return FailedExit{describe_failure(run)};
    }
}

void KvmVcpu::kick_next_run() {
    std::atomic_ref<std::uint8_t>(shared().immediate_exit).store(1);
}

void KvmVcpu::allow_run() {
    std::atomic_ref<std::uint8_t>(shared().immediate_exit).store(0);
}

}  // namespace siskin
