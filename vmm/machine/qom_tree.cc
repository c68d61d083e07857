// SPDX-License-Identifier: Apache-2.0
// The machine's objects by path.
#include "vmm/machine/qom_tree.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "pci/bridge.h"
#include "pci/bus.h"
#include "pci/expander.h"
#include "pci/function.h"
#include "vmm/machine/ram_plan.h"
#include "vmm/machine/scsi_catalog.h"

namespace siskin {
namespace {

constexpr const char* kRootBus = "/machine/q35/pcie.0";

// The bus that a bridge or an expander has; null for any other function.
const PciBus* bus_behind(const PciFunction& function) {
    if (const PciBridge* const bridge = function.as_bridge()) {
        return &bridge->secondary();
    }
    const auto* const expander = dynamic_cast<const Expander*>(&function);
    return expander == nullptr ? nullptr : &expander->root();
}

// Where the bus is in the tree.
std::string bus_path(const DeviceTree& devices, const PciBus& bus) {
    for (const DeviceTree::Entry& entry : devices.entries()) {
        const auto* const function = dynamic_cast<const PciFunction*>(entry.device.get());
        const PciBus* const behind = function == nullptr ? nullptr : bus_behind(*function);
        if (behind == &bus) {
            return concat(entry.path, '/', bus.name());
        }
    }
    return kRootBus;
}

std::string scsi_bus_path(const DeviceTree::Entry& host, const ScsiBus& bus) {
    return concat(host.path, "/virtio-backend/", bus.name());
}

}  // namespace

QomTree::QomTree(Machine& machine) {
    nodes_.push_back(QomNode{"/", "container", {}});
    add_property(nodes_.back(), "type", "string", "container");
    add("/objects", "container");
    for (const PlannedObject& object : machine.objects().entries()) {
        add_object(object);
    }
    const MachineConfig& config = machine.config();
    const bool is_default =
        config.machine.memory_backend.empty() && config.numa_options.nodes.empty();
    const std::string ram(is_default ? kDefaultRamId : config.machine.memory_backend);
    add_property(add("/machine", "pc-q35-7.2-machine"), "memory-backend", "link<memory-backend>",
                 ram.empty() ? "" : concat("/objects/", ram));
    add("/machine/q35", "q35-pcihost");
    add(kRootBus, "PCIE");
    add("/machine/unattached", "container");
    add_vcpus(machine);
    add("/machine/peripheral", "container");
    add("/machine/peripheral-anon", "container");
    for (const DeviceTree::Entry& entry : machine.devices().entries()) {
        add_device(entry);
        const auto* const function = dynamic_cast<const PciFunction*>(entry.device.get());
        if (function != nullptr) {
            add_property(*at(entry.path), "parent_bus", "link<bus>",
                         bus_path(machine.devices(), function->bus()));
            // Also where it was left to us.
            add_property(*at(entry.path), "addr", "int32", unsigned{function->devfn().value()});
        }
        if (const auto* const unit = dynamic_cast<const ScsiDisk*>(entry.device.get())) {
            add_place(machine.devices(), entry.path, *unit);
        }
    }
    add("/chardevs", "container");
    for (const auto& chardev : machine.chardevs().all()) {
        add(concat("/chardevs/", chardev->id()), concat("chardev-", chardev->kind()));
    }
}

namespace {

// Slashes that follow each other are one, and one at the end is none.
std::string plain_path(std::string_view path) {
    std::string plain;
    for (const char character : path) {
        if (character != '/' || !plain.ends_with('/')) {
            plain += character;
        }
    }
    if (plain.size() > 1 && plain.ends_with('/')) {
        plain.pop_back();
    }
    return plain;
}

}  // namespace

Result<const QomNode*> QomTree::find(std::string_view given) const {
    const std::string path = plain_path(given);
    const bool is_absolute = path.starts_with('/');
    if (path.empty()) {
        return fail("Path '' is ambiguous");
    }
    const std::string end = concat('/', path);
    const QomNode* found = nullptr;
    for (const QomNode& node : nodes_) {
        const bool matches = is_absolute ? node.path == path : node.path.ends_with(end);
        if (matches && found != nullptr) {
            return fail(concat("Path '", printable(path), "' is ambiguous"));
        }
        found = matches ? &node : found;
    }
    if (found == nullptr) {
        return fail(ErrorClass::DeviceNotFound, concat("Device '", printable(path), "' not found"));
    }
    return found;
}

QomNode* QomTree::at(std::string_view path) {
    const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                    [&](const QomNode& node) { return node.path == path; });
    return found == nodes_.end() ? nullptr : &*found;
}

QomNode& QomTree::add(const std::string& path, std::string type) {
    const std::size_t slash = path.rfind('/');
    QomNode* const parent = at(slash == 0 ? "/" : path.substr(0, slash));
    SISKIN_ASSERT(parent != nullptr);
    add_property(*parent, path.substr(slash + 1), concat("child<", type, '>'), path);
    nodes_.push_back(QomNode{path, type, {}});
    add_property(nodes_.back(), "type", "string", std::move(type));
    return nodes_.back();
}

// A second property of a name takes the place of the first.
void QomTree::add_property(QomNode& node, std::string name, std::string type, Value value) {
    std::erase_if(node.properties,
                  [&](const QomProperty& property) { return property.name == name; });
    node.properties.push_back(QomProperty{std::move(name), std::move(type), "",
                                          [value = std::move(value)] { return value; }});
}

// Also where it was left to us.
void QomTree::add_place(const DeviceTree& devices, const std::string& path, const ScsiDisk& unit) {
    for (const DeviceTree::Entry& entry : devices.entries()) {
        if (scsi_bus_of(*entry.device) == &unit.bus()) {
            add_property(*at(path), "parent_bus", "link<bus>", scsi_bus_path(entry, unit.bus()));
        }
    }
    add_property(*at(path), "scsi-id", "uint32", unsigned{unit.address().target});
    add_property(*at(path), "lun", "uint32", unsigned{unit.address().lun});
}

void QomTree::add_object(const PlannedObject& object) {
    QomNode& node = add(concat("/objects/", object.id), std::string(object.type->name));
    add_rows(node, object.type->properties, object.config.get());
}

// The table's rows, read from the config when somebody asks.
void QomTree::add_rows(QomNode& node, std::span<const PropertyGroup> groups, void* config) {
    for (const PropertyGroup& group : groups) {
        for (const PropertyRow& row : group.rows) {
            node.properties.push_back(QomProperty{
                std::string(row.name), std::string(row.type_name), std::string(row.description),
                [&row, part = group.part(config)] { return row.get(part); }});
        }
    }
}

void QomTree::add_device(const DeviceTree::Entry& entry) {
    Device& device = *entry.device;
    QomNode& node = add(entry.path, std::string(device.type().name));
    add_property(node, "realized", "bool", true);
    add_property(node, "hotplugged", "bool", entry.hot_plugged);
    const auto* const function = dynamic_cast<const PciFunction*>(&device);
    const auto* const unit = dynamic_cast<const ScsiDisk*>(&device);
    add_property(node, "hotpluggable", "bool",
                 unit != nullptr || (function != nullptr && function->bus().is_hot_pluggable()));
    add_rows(node, device.type().properties, device.config());
    if (const PciBus* const bus = function == nullptr ? nullptr : bus_behind(*function)) {
        add(concat(entry.path, '/', bus->name()), bus->is_express() ? "PCIE" : "PCI");
    }
    for (const DevicePart& part : device.parts()) {
        add(concat(entry.path, '/', part.name), std::string(part.type));
    }
    if (const ScsiBus* const bus = scsi_bus_of(device)) {
        add(scsi_bus_path(entry, *bus), "SCSI");
    }
}

// Few flags on purpose: management software asks for each one of them, one by one.
void QomTree::add_vcpus(Machine& machine) {
    const CpuTopology& topology = machine.config().topology;
    for (const auto& vcpu : machine.vcpus()) {
        const std::uint32_t index = vcpu->id().value();
        const CpuTopology::Place place = topology.place(index);
        QomNode& node = add(concat("/machine/unattached/device[", index, ']'), "host-x86_64-cpu");
        add_property(node, "apic-id", "uint32", topology.apic_id(index));
        if (!machine.config().numa.nodes.empty()) {
            add_property(node, "node-id", "int64", machine.config().numa.node_of(index));
        }
        add_property(node, "socket-id", "int32", place.socket);
        add_property(node, "die-id", "int32", place.die);
        add_property(node, "core-id", "int32", place.core);
        add_property(node, "thread-id", "int32", place.thread);
        add_property(node, "unavailable-features", "strList", Value::List());
    }
}

}  // namespace siskin
