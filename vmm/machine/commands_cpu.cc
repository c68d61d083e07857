// SPDX-License-Identifier: Apache-2.0
// CPUs and their models over QMP.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "vmm/machine/commands_machine.h"
#include "vmm/machine/qom_types.h"

namespace siskin {
namespace {

constexpr std::array<std::string_view, 2> kModels{"host", "max"};

qmp::CpuInstanceProperties place_of(const MachineConfig& config, std::uint32_t index) {
    const CpuTopology::Place place = config.topology.place(index);
    qmp::CpuInstanceProperties properties;
    properties.socket_id = place.socket;
    if (config.topology.dies > 1) {
        properties.die_id = place.die;
    }
    if (!config.numa.nodes.empty()) {
        properties.node_id = config.numa.node_of(index);
    }
    properties.core_id = place.core;
    properties.thread_id = place.thread;
    return properties;
}

bool has_feature(std::span<const kvm_cpuid_entry2> table, const CpuFeature& feature) {
    const auto entry = std::find_if(table.begin(), table.end(), [&](const auto& candidate) {
        return candidate.function == feature.leaf && candidate.index == feature.subleaf;
    });
    if (entry == table.end()) {
        return false;
    }
    const std::array<std::uint32_t, 4> outputs{entry->eax, entry->ebx, entry->ecx, entry->edx};
    return (outputs.at(static_cast<std::size_t>(feature.output)) >> feature.bit & 1U) != 0;
}

// What the client turns on and off beside the model's name. QEMU's own properties of a CPU that are
// no features (migratable, hv-passthrough) change none.
Result<CpuOptions> options_of(const qmp::CpuModelInfo& model) {
    CpuOptions options;
    if (!model.props) {
        return options;
    }
    const Value::Dict* const given = model.props->as_dict();
    if (given == nullptr) {
        return fail("Invalid parameter type for 'model.props', expected: object");
    }
    for (const auto& [name, value] : *given) {
        const CpuFeature* const feature = find_cpu_feature(name);
        const bool* const is_on = value.as_bool();
        if (feature != nullptr && is_on != nullptr) {
            options.features.insert_or_assign(std::string(feature->name), *is_on);
        } else if (name != "migratable" && name != "hv-passthrough") {
            return fail(concat("Property '", kCpuTypeName, '.', printable(name), "' not found"));
        }
    }
    return options;
}

}  // namespace

std::string vcpu_qom_path(VcpuId vcpu) {
    return concat("/machine/unattached/device[", vcpu.value(), "]");
}

Result<std::vector<qmp::CpuInfoFast>> MachineHandlers::query_cpus_fast() {
    std::vector<qmp::CpuInfoFast> cpus;
    for (const auto& vcpu : machine_.vcpus()) {
        qmp::CpuInfoFast cpu;
        cpu.cpu_index = vcpu->id().value();
        cpu.qom_path = vcpu_qom_path(vcpu->id());
        cpu.thread_id = vcpu->thread_id();
        cpu.props = place_of(machine_.config(), vcpu->id().value());
        cpu.target = qmp::SysEmuTarget::X86_64;
        cpus.push_back(std::move(cpu));
    }
    return cpus;
}

// Every place has its CPU. The highest number first, as QEMU has it.
Result<std::vector<qmp::HotpluggableCPU>> MachineHandlers::query_hotpluggable_cpus() {
    std::vector<qmp::HotpluggableCPU> places;
    for (const auto& vcpu : machine_.vcpus()) {
        qmp::HotpluggableCPU place;
        place.type = kCpuTypeName;
        place.vcpus_count = 1;
        place.props = place_of(machine_.config(), vcpu->id().value());
        place.qom_path = vcpu_qom_path(vcpu->id());
        places.push_back(std::move(place));
    }
    std::reverse(places.begin(), places.end());
    return places;
}

Result<std::vector<qmp::CpuDefinitionInfo>> MachineHandlers::query_cpu_definitions() {
    std::vector<qmp::CpuDefinitionInfo> infos;
    for (const std::string_view model : kModels) {
        qmp::CpuDefinitionInfo info;
        info.name = model;
        info.typename_ = concat(model, "-x86_64-cpu");
        info.migration_safe = false;
        info.unavailable_features.emplace();
        infos.push_back(std::move(info));
    }
    return infos;
}

Result<qmp::CpuModelExpansionInfo> MachineHandlers::query_cpu_model_expansion(
    const qmp::QueryCpuModelExpansionArguments& arguments) {
    const std::string& name = arguments.model.name;
    if (std::find(kModels.begin(), kModels.end(), name) == kModels.end()) {
        return fail(concat("CPU definition '", printable(name), "' not found"));
    }
    const auto supported = SISKIN_TRY(machine_.supported_cpuid());
    const CpuOptions options = SISKIN_TRY(options_of(arguments.model));
    const auto table = SISKIN_TRY(make_cpuid(supported, options, machine_.config().topology, 0));
    Value::Dict features;
    for (const CpuFeature& feature : cpu_features()) {
        features.insert(std::string(feature.name), has_feature(table, feature));
    }
    qmp::CpuModelExpansionInfo info;
    info.model.name = name;
    info.model.props = Value(std::move(features));
    return info;
}

}  // namespace siskin
