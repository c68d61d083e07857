// SPDX-License-Identifier: Apache-2.0
// Boot: hands the machine's description to the loader and the entry state to the first vCPU.
#pragma once

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "firmware/linux/boot_source.h"
#include "vmm/kvm/kvm_vcpu.h"
#include "vmm/machine/board_q35.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

[[nodiscard]] RamLayout ram_layout(const MachineConfig& config);

// Kernel, initrd, ACPI tables and boot structures into guest memory. VM thread, vCPUs parked.
[[nodiscard]] Result<BootEntry> load_boot_source(const BootSource& source,
                                                 const GuestMemory& memory,
                                                 const MachineConfig& config,
                                                 const BoardQ35& board);

// The vCPU is in its power-on state and begins with this entry at its next run.
[[nodiscard]] Result<> enter_guest(KvmVcpu& vcpu, const BootEntry& entry);

}  // namespace siskin
