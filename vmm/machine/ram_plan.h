// SPDX-License-Identifier: Apache-2.0
// RamPlan: which memory back ends are the guest's RAM, and where in its memory space each one lies.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "base/value.h"
#include "firmware/acpi/config.h"
#include "vmm/machine/machine_config.h"
#include "vmm/machine/objects.h"

namespace siskin {

struct RamPlan {
    ByteCount size{0};
    // Ids, in the order of their addresses.
    std::vector<std::string> backends;
    // The one that nobody made; null where the command line names them all.
    std::vector<PlannedObject> own;
    NumaTopology numa;
};

// The id of the back end that is made where the command line names none.
inline constexpr std::string_view kDefaultRamId = "pc.ram";

// Nothing is made. Errors: back ends that are not there, are used twice, or do not have the size
// that -m says; -mem-path beside them; what plan_numa() says.
[[nodiscard]] Result<RamPlan> plan_ram(const MachineConfig& config,
                                       std::span<const PlannedObject> objects);

// What -machine says of all memory back ends, for those that do not say otherwise.
[[nodiscard]] Value::Dict with_memory_defaults(const MachineConfig& config, Value::Dict members);

// A run of guest RAM and the part of a back end behind it.
struct RamPart {
    GuestAddress base;
    std::size_t backend = 0;  // its index
    std::uint64_t offset = 0;
    ByteCount size;
};

// RAM below 4 GiB without the legacy ranges of VGA, then from 4 GiB on; ascending. The part of a
// back end that would lie under VGA is not used.
[[nodiscard]] std::vector<RamPart> lay_out_ram(std::span<const ByteCount> backends);

// What the ACPI tables say about the nodes; nothing for a machine without.
[[nodiscard]] std::optional<acpi::NumaConfig> numa_tables(const MachineConfig& config);

}  // namespace siskin
