// SPDX-License-Identifier: Apache-2.0
// Which back ends are RAM.
#include "vmm/machine/ram_plan.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "pci/vga.h"
#include "vmm/machine/address_plan.h"

namespace siskin {
namespace {

const MemoryBackendConfig* find_memory(std::span<const PlannedObject> objects,
                                       std::string_view id) {
    const auto found = std::find_if(objects.begin(), objects.end(), [&](const auto& object) {
        return object.id == id && object.type->name.starts_with("memory-backend-");
    });
    return found == objects.end() ? nullptr
                                  : static_cast<const MemoryBackendConfig*>(found->config.get());
}

Result<ByteCount> size_of(std::span<const PlannedObject> objects, std::string_view id) {
    const MemoryBackendConfig* const memory = find_memory(objects, id);
    if (memory == nullptr) {
        return fail(concat("Memory backend '", printable(id), "' not found"));
    }
    return *memory->size;
}

Result<> plan_nodes(const MachineConfig& config, std::span<const PlannedObject> objects,
                    RamPlan& plan) {
    if (!config.machine.memory_backend.empty()) {
        return fail(
            "'-machine memory-backend' and '-numa memdev' properties are mutually exclusive");
    }
    if (!config.mem_path.empty()) {
        return fail("'-mem-path' can't be used together with '-numa memdev'");
    }
    std::set<std::string> used;
    std::uint64_t total = 0;
    for (NumaNode& node : plan.numa.nodes) {
        if (node.memdev.empty()) {
            continue;
        }
        if (!used.insert(node.memdev).second) {
            return fail(concat("memory backend ", node.memdev, " can't be used multiple times"));
        }
        node.size = SISKIN_TRY_IN("-numa node", size_of(objects, node.memdev));
        total += std::min(node.size.value(), kRamMax + 1);  // no sum of these wraps
        plan.backends.push_back(node.memdev);
    }
    if (total != config.ram.value()) {
        return fail(concat("total memory for NUMA nodes (", hex(total), ") should equal RAM size (",
                           hex(config.ram.value()), ")"));
    }
    return {};
}

Result<> plan_named(const MachineConfig& config, std::span<const PlannedObject> objects,
                    RamPlan& plan) {
    const std::string& id = config.machine.memory_backend;
    if (!config.mem_path.empty()) {
        return fail("'-mem-path' can't be used together with '-machine memory-backend'");
    }
    plan.size = SISKIN_TRY(size_of(objects, id));
    if (config.ram_is_given && plan.size != config.ram) {
        return fail("Machine memory size does not match the size of the memory backend");
    }
    if (plan.size.value() < kRamMin || plan.size.value() > kRamMax) {
        return fail(concat("memory backend '", id, "' has ", plan.size.value(),
                           " bytes, allowed for RAM is ", kRamMin / kMiB, "M to ", kRamMax / kGiB,
                           "G"));
    }
    plan.backends.push_back(id);
    return {};
}

Result<> plan_own(const MachineConfig& config, RamPlan& plan) {
    Value::Dict members{{"id", kDefaultRamId}, {"size", config.ram.value()}};
    if (config.mem_path.empty()) {
        members.insert("qom-type", type_name(MemoryBackendKind::Ram));
    } else {
        members.insert("qom-type", type_name(MemoryBackendKind::File));
        members.insert("mem-path", config.mem_path);
    }
    members.insert("prealloc", config.mem_prealloc);
    plan.own.push_back(SISKIN_TRY(plan_object(with_memory_defaults(config, std::move(members)))));
    plan.backends.emplace_back(kDefaultRamId);
    return {};
}

}  // namespace

Value::Dict with_memory_defaults(const MachineConfig& config, Value::Dict members) {
    if (members.text("qom-type").starts_with("memory-backend-")) {
        if (!config.machine.dump_guest_core) {
            members.insert("dump", false);
        }
        if (!config.machine.mem_merge) {
            members.insert("merge", false);
        }
    }
    return members;
}

Result<RamPlan> plan_ram(const MachineConfig& config, std::span<const PlannedObject> objects) {
    RamPlan plan;
    plan.size = config.ram;
    plan.numa = SISKIN_TRY(plan_numa(config.numa_options, config.topology));
    const bool has_nodes = !plan.numa.nodes.empty();
    if (has_nodes) {
        SISKIN_TRY(plan_nodes(config, objects, plan));
    } else if (!config.machine.memory_backend.empty()) {
        SISKIN_TRY(plan_named(config, objects, plan));
    } else {
        SISKIN_TRY(plan_own(config, plan));
    }
    const std::uint64_t ram_max = config.ram_max.value_or(plan.size).value();
    if (ram_max < plan.size.value()) {
        return fail(concat("invalid value of maxmem: maximum memory size (", hex(ram_max),
                           ") must be at least the initial memory size (", hex(plan.size.value()),
                           ")"));
    }
    // As in QEMU: who may add memory gives it a node.
    if (!has_nodes && device_memory_size(plan.size.value(), ram_max, config.ram_slots) != 0) {
        NumaOptions one;
        one.nodes.emplace_back();
        plan.numa = SISKIN_TRY(plan_numa(one, config.topology));
        plan.numa.nodes.front().memdev = plan.backends.front();
        plan.numa.nodes.front().size = plan.size;
    }
    return plan;
}

std::vector<RamPart> lay_out_ram(std::span<const ByteCount> backends) {
    std::uint64_t total = 0;
    for (const ByteCount size : backends) {
        total += size.value();
    }
    // Where RAM lies in the address space, and from which of its bytes on.
    struct Window {
        std::uint64_t base;
        std::uint64_t first;
        std::uint64_t end;
    };
    constexpr std::uint64_t kBehindVga = kVgaMemoryBase + kVgaMemorySize;
    const std::uint64_t low = low_ram_size(total);
    const std::array windows{Window{0, 0, kVgaMemoryBase}, Window{kBehindVga, kBehindVga, low},
                             Window{kHighRamBase, low, total}};
    std::vector<RamPart> parts;
    for (const Window& window : windows) {
        std::uint64_t start = 0;
        for (std::size_t index = 0; index < backends.size(); ++index) {
            const std::uint64_t first = std::max(window.first, start);
            const std::uint64_t end = std::min(window.end, start + backends[index].value());
            if (first < end) {
                parts.push_back(RamPart{GuestAddress{window.base + (first - window.first)}, index,
                                        first - start, ByteCount{end - first}});
            }
            start += backends[index].value();
        }
    }
    return parts;
}

std::optional<acpi::NumaConfig> numa_tables(const MachineConfig& config) {
    if (config.numa.nodes.empty()) {
        return std::nullopt;
    }
    acpi::NumaConfig tables;
    tables.node_count = static_cast<std::uint32_t>(config.numa.nodes.size());
    tables.distances = config.numa.distances;
    for (std::uint32_t vcpu = 0; vcpu < config.topology.count(); ++vcpu) {
        tables.node_of_processor.push_back(config.numa.node_of(vcpu));
    }
    std::vector<ByteCount> sizes;
    for (const NumaNode& node : config.numa.nodes) {
        sizes.push_back(node.size);
    }
    for (const RamPart& part : lay_out_ram(sizes)) {
        tables.memory.push_back({static_cast<std::uint32_t>(part.backend), part.base, part.size});
    }
    const std::uint64_t ram = config.ram.value();
    const std::uint64_t plugged = config.device_memory();
    if (plugged != 0) {
        tables.memory.push_back({tables.node_count - 1, GuestAddress{device_memory_base(ram)},
                                 ByteCount{plugged}, true});
    }
    return tables;
}

}  // namespace siskin
