// SPDX-License-Identifier: Apache-2.0
// CPUID tables of the vCPUs.
#include "vmm/kvm/cpuid.h"

#include <algorithm>
#include <bit>

#include "base/text.h"

namespace siskin {
namespace {

// Leaves (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E).
constexpr std::uint32_t kFeatureLeaf = 0x1;
constexpr std::uint32_t kIntelCacheLeaf = 0x4;
constexpr std::uint32_t kTopologyLeaf = 0xb;
constexpr std::uint32_t kTopologyV2Leaf = 0x1f;
constexpr std::uint32_t kKvmLeafFirst = 0x40000000;
constexpr std::uint32_t kKvmLeafLast = 0x400000ff;
constexpr std::uint32_t kAmdSizesLeaf = 0x80000008;
constexpr std::uint32_t kAmdCacheLeaf = 0x8000001d;
constexpr std::uint32_t kAmdTopologyLeaf = 0x8000001e;

constexpr std::uint32_t kEcxHypervisor = 1U << 31U;
constexpr std::uint32_t kEcxX2apic = 1U << 21U;
constexpr std::uint32_t kEcxTscDeadline = 1U << 24U;
constexpr std::uint32_t kEdxHyperThreading = 1U << 28U;

// Levels of leaf 0xb.
constexpr std::uint32_t kLevelThread = 1;
constexpr std::uint32_t kLevelCore = 2;

std::uint32_t& output_of(kvm_cpuid_entry2& entry, CpuFeature::Register output) {
    switch (output) {
        case CpuFeature::Register::Eax: return entry.eax;
        case CpuFeature::Register::Ebx: return entry.ebx;
        case CpuFeature::Register::Ecx: return entry.ecx;
        case CpuFeature::Register::Edx: return entry.edx;
    }
    return entry.eax;
}

Result<> apply_feature(std::vector<kvm_cpuid_entry2>& table, const CpuFeature& feature, bool on) {
    const auto entry =
        std::find_if(table.begin(), table.end(), [&](const kvm_cpuid_entry2& candidate) {
            return candidate.function == feature.leaf && candidate.index == feature.subleaf;
        });
    const std::uint32_t mask = 1U << feature.bit;
    if (entry == table.end() || (output_of(*entry, feature.output) & mask) == 0) {
        if (on) {
            return fail(concat("CPU feature '", feature.name, "' is not to be had on this host"));
        }
        return {};
    }
    if (!on) {
        output_of(*entry, feature.output) &= ~mask;
    }
    return {};
}

void set_feature_leaf(kvm_cpuid_entry2& entry, const CpuTopology& topology, std::uint32_t apic_id) {
    const std::uint32_t in_package = 1U << topology.package_shift();
    entry.ebx = (entry.ebx & 0xffffU) | (std::min(in_package, 255U) << 16U) | (apic_id << 24U);
    // KVM does these itself, whatever the processor has.
    entry.ecx |= kEcxHypervisor | kEcxX2apic | kEcxTscDeadline;
    if (in_package > 1) {
        entry.edx |= kEdxHyperThreading;
    } else {
        entry.edx &= ~kEdxHyperThreading;
    }
}

// How many APIC IDs share a cache: its own core's for levels 1 and 2, the package's above.
std::uint32_t cache_sharing(const CpuTopology& topology, std::uint32_t level) {
    return 1U << (level >= 3 ? topology.package_shift() : topology.core_shift());
}

void set_cache_leaf(kvm_cpuid_entry2& entry, const CpuTopology& topology) {
    const std::uint32_t level = (entry.eax >> 5U) & 7U;
    const std::uint32_t sharing = cache_sharing(topology, level) - 1;
    if (entry.function == kAmdCacheLeaf) {
        entry.eax = (entry.eax & 0x3fffU) | (sharing << 14U);
        return;
    }
    const std::uint32_t cores = (1U << (topology.package_shift() - topology.core_shift())) - 1;
    entry.eax = (entry.eax & 0x3fffU) | (sharing << 14U) | (std::min(cores, 63U) << 26U);
}

void set_amd_topology(kvm_cpuid_entry2& entry, const CpuTopology& topology, std::uint32_t index,
                      std::uint32_t apic_id) {
    const CpuTopology::Place place = topology.place(index);
    entry.eax = apic_id;
    entry.ebx = ((topology.threads - 1) << 8U) | (place.die * topology.cores + place.core);
    entry.ecx = place.socket;
}

kvm_cpuid_entry2 topology_level(std::uint32_t leaf, std::uint32_t level, std::uint32_t type,
                                std::uint32_t shift, std::uint32_t count, std::uint32_t apic_id) {
    kvm_cpuid_entry2 entry{};
    entry.function = leaf;
    entry.index = level;
    entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    entry.eax = shift;
    entry.ebx = count;
    entry.ecx = level | (type << 8U);
    entry.edx = apic_id;
    return entry;
}

// Replaces the host's leaf 0xb by the machine's; 0x1f is left out, the guest then uses 0xb.
void set_extended_topology(std::vector<kvm_cpuid_entry2>& table, const CpuTopology& topology,
                           std::uint32_t apic_id) {
    const auto is_topology = [](const kvm_cpuid_entry2& entry) {
        return entry.function == kTopologyLeaf || entry.function == kTopologyV2Leaf;
    };
    const bool present = std::any_of(table.begin(), table.end(), is_topology);
    std::erase_if(table, is_topology);
    if (!present) {
        return;
    }
    const std::uint32_t in_package = topology.dies * topology.cores * topology.threads;
    table.push_back(topology_level(kTopologyLeaf, 0, kLevelThread, topology.core_shift(),
                                   topology.threads, apic_id));
    table.push_back(topology_level(kTopologyLeaf, 1, kLevelCore, topology.package_shift(),
                                   in_package, apic_id));
    table.push_back(topology_level(kTopologyLeaf, 2, 0, 0, 0, apic_id));
}

void set_topology(std::vector<kvm_cpuid_entry2>& table, const CpuTopology& topology,
                  std::uint32_t index) {
    const std::uint32_t apic_id = topology.apic_id(index);
    const std::uint32_t threads_in_package = topology.dies * topology.cores * topology.threads;
    for (kvm_cpuid_entry2& entry : table) {
        switch (entry.function) {
            case kFeatureLeaf: set_feature_leaf(entry, topology, apic_id); break;
            case kIntelCacheLeaf:
            case kAmdCacheLeaf:
                if ((entry.eax & 0x1fU) != 0) {
                    set_cache_leaf(entry, topology);
                }
                break;
            case kAmdSizesLeaf:
                entry.ecx = (topology.package_shift() << 12U) | (threads_in_package - 1);
                break;
            case kAmdTopologyLeaf: set_amd_topology(entry, topology, index, apic_id); break;
            default: break;
        }
    }
    set_extended_topology(table, topology, apic_id);
}

}  // namespace

Result<std::vector<kvm_cpuid_entry2>> make_cpuid(std::span<const kvm_cpuid_entry2> supported,
                                                 const CpuOptions& options,
                                                 const CpuTopology& topology, std::uint32_t index) {
    std::vector<kvm_cpuid_entry2> table(supported.begin(), supported.end());
    set_topology(table, topology, index);
    for (const auto& [name, on] : options.features) {
        const CpuFeature* const feature = find_cpu_feature(name);
        SISKIN_ASSERT(feature != nullptr);
        SISKIN_TRY(apply_feature(table, *feature, on));
    }
    if (!options.expose_kvm) {
        std::erase_if(table, [](const kvm_cpuid_entry2& entry) {
            return entry.function >= kKvmLeafFirst && entry.function <= kKvmLeafLast;
        });
    }
    return table;
}

}  // namespace siskin
