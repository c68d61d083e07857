// SPDX-License-Identifier: Apache-2.0
// The CPUID tables of the vCPUs: the host's, narrowed by -cpu, with the machine's own topology.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vmm/kvm/cpu_topology.h"
#include "vmm/kvm/uapi.h"

namespace siskin {

// One bit of CPUID that -cpu can turn on or off, in QEMU's name for it.
struct CpuFeature {
    enum class Register : std::uint8_t { Eax, Ebx, Ecx, Edx };
    std::string_view name;
    std::uint32_t leaf;
    std::uint32_t subleaf;
    Register output;
    std::uint8_t bit;
};

// All that -cpu accepts; `-cpu help` prints it.
[[nodiscard]] std::span<const CpuFeature> cpu_features();
// Null when there is none of that name ('_' counts as '-').
[[nodiscard]] const CpuFeature* find_cpu_feature(std::string_view name);

// What -cpu says beside the model.
struct CpuOptions {
    std::map<std::string, bool> features;  // by name in cpu_features()
    bool expose_kvm = true;                // kvm=off hides the hypervisor's own leaves
};

// The table of vCPU `index`. `supported` is KVM's. Error: a feature turned on that KVM lacks.
[[nodiscard]] Result<std::vector<kvm_cpuid_entry2>> make_cpuid(
    std::span<const kvm_cpuid_entry2> supported, const CpuOptions& options,
    const CpuTopology& topology, std::uint32_t index);

}  // namespace siskin
