// SPDX-License-Identifier: Apache-2.0
// Probes whether this host's KVM can run a stock kernel, by running what every stock kernel needs.
#pragma once

#include <string>

#include "base/result.h"
#include "vmm/kvm/kvm.h"

namespace siskin {

struct HostVerdict {
    bool runs_stock_kernel = false;
    std::string reason;  // why not; empty when it does
};

// A throw-away VM executes cmpxchg16b, popcnt and int3 in kernel mode: a KVM that interprets guest
// kernel code fails at one of them. Takes about a millisecond. Error: the VM cannot be made.
[[nodiscard]] Result<HostVerdict> probe_host(const Kvm& kvm);

}  // namespace siskin
