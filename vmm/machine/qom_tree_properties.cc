// SPDX-License-Identifier: Apache-2.0
// QomTree: the properties of its nodes.
#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "pci/function.h"
#include "vmm/machine/qom_properties.h"
#include "vmm/machine/qom_tree.h"

namespace siskin {
namespace {

// The table's rows, read from the config when somebody asks.
void add_rows(std::vector<QomProperty>& properties, std::span<const PropertyGroup> groups,
              void* config, QomOwner owner) {
    for (const PropertyGroup& group : groups) {
        void* const part = group.part(config);
        for (const PropertyRow& row : group.rows) {
            // A function's address is told where it is known.
            if (is_qom_property(row) && row.name != "addr") {
                properties.push_back({std::string(row.name), qom_type_name(row, owner),
                                      [&row, part] { return qom_value(row, part); }});
            }
        }
    }
}

void add(std::vector<QomProperty>& properties, std::string name, std::string type, Value value) {
    properties.push_back(
        {std::move(name), std::move(type), [value = std::move(value)] { return value; }});
}

}  // namespace

std::vector<QomProperty> QomTree::properties(const QomNode& node) const {
    constexpr std::size_t kUsual = 96;
    std::vector<QomProperty> properties;
    properties.reserve(kUsual);
    add(properties, "type", "string", node.type);
    if (const auto* const entry = std::get_if<const DeviceTree::Entry*>(&node.subject)) {
        add_device_properties(**entry, properties);
    }
    if (const auto* const object = std::get_if<const PlannedObject*>(&node.subject)) {
        add_rows(properties, (*object)->type->properties, (*object)->config.get(),
                 QomOwner::Object);
    }
    if (const auto* const vcpu = std::get_if<QomVcpu>(&node.subject)) {
        add_vcpu_properties(vcpu->index, properties);
    }
    if (const auto* const place = std::get_if<QomPlace>(&node.subject);
        place != nullptr && *place == QomPlace::Machine) {
        properties.push_back(
            {"memory-backend", "link<memory-backend>", [this] { return Value(path_of_ram()); }});
    }
    for (QomNode& below : children(node)) {
        std::string name = below.name();
        add(properties, std::move(name), concat("child<", below.type, '>'), std::move(below.path));
    }
    return properties;
}

void QomTree::add_device_properties(const DeviceTree::Entry& entry,
                                    std::vector<QomProperty>& properties) const {
    const auto* const function = dynamic_cast<const PciFunction*>(entry.device.get());
    const bool is_unit = dynamic_cast<const ScsiDisk*>(entry.device.get()) != nullptr;
    properties.push_back(
        {"parent_bus", "link<bus>", [this, &entry] { return Value(path_of_bus(entry)); }});
    add(properties, "realized", "bool", true);
    add(properties, "hotplugged", "bool", entry.hot_plugged);
    properties.push_back(
        {"hotpluggable", "bool", [function, is_unit] {
             return Value(is_unit || (function != nullptr && function->bus().is_hot_pluggable()));
         }});
    add_rows(properties, entry.device->type().properties, entry.device->config(), QomOwner::Device);
    if (function != nullptr) {
        add(properties, "addr", "int32", unsigned{function->devfn().value()});
    }
}

// Few flags on purpose: management software asks for each one of them, one by one.
void QomTree::add_vcpu_properties(std::uint32_t index, std::vector<QomProperty>& properties) const {
    const CpuTopology& topology = parts_.config.topology;
    const CpuTopology::Place place = topology.place(index);
    add(properties, "apic-id", "uint32", topology.apic_id(index));
    if (!parts_.config.numa.nodes.empty()) {
        add(properties, "node-id", "int32", parts_.config.numa.node_of(index));
    }
    add(properties, "socket-id", "int32", place.socket);
    add(properties, "die-id", "int32", place.die);
    add(properties, "core-id", "int32", place.core);
    add(properties, "thread-id", "int32", place.thread);
    add(properties, "unavailable-features", "strList", Value::List());
}

}  // namespace siskin
