// SPDX-License-Identifier: Apache-2.0
// KvmVm: one virtual machine in the kernel with its interrupt chips, timer and memory slots.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"
#include "vmm/kvm/kvm.h"

namespace siskin {

// Where Intel hosts may keep pages of their own for real mode: one at `identity_map`, three at
// `task_state`, below 4 GiB, where the guest has no RAM.
struct KvmReservedPages {
    GuestAddress identity_map;
    GuestAddress task_state;
};

// Owns the VM descriptor. Thread: VM loop sets up; descriptors may be used by any thread.
class KvmVm {
public:
    // A VM with PIC, I/O APIC, local APICs and PIT in the kernel.
    [[nodiscard]] static Result<KvmVm> create(const Kvm& kvm, KvmReservedPages reserved);

    // Makes each region of `memory` a memory slot, once. `memory` outlives the VM.
    [[nodiscard]] Result<> map(const GuestMemory& memory);
    [[nodiscard]] Result<Fd> create_vcpu(std::uint32_t apic_id) const;

    // The chips as they were when the machine was created; restored at each machine reset.
    [[nodiscard]] Result<> restore_power_on_state() const;

    // Between the two the guest's clock (kvmclock) stands still, so that a long stop is no jump.
    void pause_clock();
    void resume_clock();

    [[nodiscard]] const Fd& fd() const { return fd_; }
    // Of KvmStatistics::open().
    [[nodiscard]] const Fd& statistics() const { return statistics_; }

private:
    // The state of everything in the kernel that is not a vCPU.
    struct ChipState {
        std::array<kvm_irqchip, 3> irqchips;  // PIC master, PIC slave, I/O APIC
        kvm_pit_state2 pit;
    };

    explicit KvmVm(Fd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] Result<> create_chips(KvmReservedPages reserved);
    [[nodiscard]] Result<> save_power_on_state();

    Fd fd_;
    Fd statistics_;
    std::unique_ptr<ChipState> power_on_;
    std::uint32_t slot_count_ = 0;
    std::optional<std::uint64_t> stopped_clock_;  // nanoseconds
};

}  // namespace siskin
