// SPDX-License-Identifier: Apache-2.0
// NumaTopology: the nodes of a machine, with their vCPUs, RAM and distances.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "vmm/kvm/cpu_topology.h"
#include "vmm/machine/numa_options.h"

namespace siskin {

struct NumaNode {
    std::string memdev;               // empty: no RAM
    ByteCount size{0};                // of its RAM
    std::vector<std::uint32_t> cpus;  // ascending
};

// Plain data. Without nodes the machine has no NUMA.
struct NumaTopology {
    std::vector<NumaNode> nodes;
    // A row for each node, from it to each; empty where no distance was given.
    std::vector<std::uint8_t> distances;

    // Of a vCPU; every one has a node where there are any.
    [[nodiscard]] std::uint32_t node_of(std::uint32_t vcpu) const;
};

inline constexpr std::uint8_t kNumaDistanceLocal = 10;  // ACPI 6.4 §5.2.17
inline constexpr std::uint8_t kNumaDistanceRemote = 20;

// Nodes, vCPUs and distances by the rules of QEMU 7.2; sizes are still 0. vCPUs that no option
// names follow their socket, or, where others are named, go to node 0 with a warning. Errors: node
// numbers with gaps or twice, a vCPU that is not there or in two nodes, distances that are below
// 10, missing or one-sided.
[[nodiscard]] Result<NumaTopology> plan_numa(const NumaOptions& options,
                                             const CpuTopology& topology);

}  // namespace siskin
