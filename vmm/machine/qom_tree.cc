// SPDX-License-Identifier: Apache-2.0
// The machine's objects by path.
#include "vmm/machine/qom_tree.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "pci/bridge.h"
#include "pci/expander.h"
#include "pci/function.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/monitors.h"
#include "vmm/machine/qom_properties.h"
#include "vmm/machine/qom_types.h"
#include "vmm/machine/ram_plan.h"
#include "vmm/machine/scsi_catalog.h"

namespace siskin {
namespace {

struct FixedNode {
    QomPlace place;
    QomPlace parent;
    std::string_view path;
    std::string_view type;
};

constexpr std::string_view kRootBus = "/machine/q35/pcie.0";

// The root, which is nobody's child, stands first.
constexpr std::array kFixed{
    FixedNode{QomPlace::Root, QomPlace::Root, "/", "container"},
    FixedNode{QomPlace::Objects, QomPlace::Root, "/objects", "container"},
    FixedNode{QomPlace::Machine, QomPlace::Root, "/machine", "pc-q35-7.2-machine"},
    FixedNode{QomPlace::Chardevs, QomPlace::Root, "/chardevs", "container"},
    FixedNode{QomPlace::Host, QomPlace::Machine, "/machine/q35", "q35-pcihost"},
    FixedNode{QomPlace::Unattached, QomPlace::Machine, "/machine/unattached", "container"},
    FixedNode{QomPlace::Peripheral, QomPlace::Machine, "/machine/peripheral", "container"},
    FixedNode{QomPlace::Anonymous, QomPlace::Machine, "/machine/peripheral-anon", "container"},
    FixedNode{QomPlace::RootBus, QomPlace::Host, kRootBus, "PCIE"},
};

QomNode node_of(const FixedNode& fixed) {
    return {std::string(fixed.path), std::string(fixed.type), fixed.place};
}

QomNode node_of(const DeviceTree::Entry& entry) {
    return {entry.path, std::string(entry.device->type().name), &entry};
}

QomNode node_of(const PlannedObject& object) {
    return {concat("/objects/", object.id), std::string(object.type->name), &object};
}

QomNode chardev_node(std::string_view id, std::string_view kind) {
    return {concat("/chardevs/", id), concat("chardev-", kind), QomPlain{}};
}

QomNode node_of(const MonitorEndpoint& monitor) {
    const std::span<const ChardevBackendInfo> backends = chardev_backends();
    const auto info = std::find_if(backends.begin(), backends.end(), [&](const auto& backend) {
        return backend.backend == monitor.chardev.backend;
    });
    SISKIN_ASSERT(info != backends.end());
    return chardev_node(monitor.chardev.id, info->name);
}

std::string path_below(const QomNode& node, std::string_view name) {
    return concat(node.path == "/" ? "" : node.path, '/', name);
}

// The bus that a bridge or an expander has; null for any other function.
const PciBus* bus_behind(const PciFunction& function) {
    if (const PciBridge* const bridge = function.as_bridge()) {
        return &bridge->secondary();
    }
    const auto* const expander = dynamic_cast<const Expander*>(&function);
    return expander == nullptr ? nullptr : &expander->root();
}

// Null for a device that is no PCI function.
const PciFunction* function_of(const DeviceTree::Entry& entry) {
    return dynamic_cast<const PciFunction*>(entry.device.get());
}

// Its bus, and the objects that belong to it.
std::vector<QomNode> children_of(const DeviceTree::Entry& entry) {
    std::vector<QomNode> nodes;
    const PciFunction* const function = function_of(entry);
    if (const PciBus* const bus = function == nullptr ? nullptr : bus_behind(*function)) {
        nodes.push_back(
            {concat(entry.path, '/', bus->name()), bus->is_express() ? "PCIE" : "PCI", QomPlain{}});
    }
    for (const DevicePart& part : entry.device->parts()) {
        nodes.push_back({concat(entry.path, '/', part.name), std::string(part.type), QomPlain{}});
        // The bus of a SCSI host is below its first part, the virtio device.
        if (const ScsiBus* const bus = scsi_bus_of(*entry.device)) {
            nodes.back().subject = bus;
        }
    }
    return nodes;
}

}  // namespace

QomParts qom_parts(Machine& machine, const std::vector<MonitorEndpoint>* monitors) {
    return {machine.config(), machine.devices(), machine.objects(), machine.chardevs(), monitors};
}

QomNode QomTree::root() const {
    return node_of(kFixed.front());
}

namespace {

// Slashes that follow each other are one, and one at the end is none.
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        if (!part.empty()) {
            parts.push_back(part);
        }
        path.remove_prefix(std::min(part.size() + 1, path.size()));
    }
    return parts;
}

}  // namespace

Result<QomNode> QomTree::find(std::string_view path) const {
    const Parts parts = split(path);
    std::vector<QomNode> found;
    if (path.starts_with('/')) {
        if (auto node = walk(root(), parts)) {
            found.push_back(std::move(*node));
        }
    } else if (parts.empty()) {
        return fail("Path '' is ambiguous");
    } else {
        search(root(), parts, found);
    }
    if (found.size() > 1) {
        return fail(concat("Path '", printable(path), "' is ambiguous"));
    }
    if (found.empty()) {
        return fail(ErrorClass::DeviceNotFound, concat("Device '", printable(path), "' not found"));
    }
    return std::move(found.front());
}

std::optional<QomNode> QomTree::walk(const QomNode& from, const Parts& parts) const {
    std::optional<QomNode> at = from;
    for (const std::string_view part : parts) {
        at = step(*at, part);
        if (!at) {
            break;
        }
    }
    return at;
}

std::optional<QomNode> QomTree::step(const QomNode& from, std::string_view name) const {
    if (auto node = child(from, name)) {
        return node;
    }
    const std::string path = link(from, name);
    // Links lead to children of children, and never to another link.
    return path.empty() ? std::nullopt : walk(root(), split(path));
}

// As deep as the tree of what there is, which is five levels at most.
void QomTree::search(const QomNode& from, const Parts& parts, std::vector<QomNode>& found) const {
    if (auto node = walk(from, parts)) {
        found.push_back(std::move(*node));
    }
    for (const QomNode& node : children(from)) {
        if (found.size() > 1) {
            break;
        }
        search(node, parts, found);
    }
}

std::optional<QomNode> QomTree::child(const QomNode& node, std::string_view name) const {
    const auto* const place = std::get_if<QomPlace>(&node.subject);
    if (place == nullptr) {
        for (QomNode& candidate : children(node)) {
            if (candidate.name() == name) {
                return std::move(candidate);
            }
        }
        return std::nullopt;
    }
    const std::string path = path_below(node, name);
    for (const FixedNode& fixed : kFixed) {
        if (fixed.path == path) {
            return node_of(fixed);
        }
    }
    if (*place == QomPlace::Peripheral || *place == QomPlace::Anonymous) {
        const DeviceTree::Entry* const entry = parts_.devices.find(path);
        return entry == nullptr ? std::nullopt : std::optional(node_of(*entry));
    }
    if (*place == QomPlace::Objects) {
        const PlannedObject* const object = parts_.objects.find(name);
        return object == nullptr ? std::nullopt : std::optional(node_of(*object));
    }
    if (*place == QomPlace::Unattached || *place == QomPlace::Chardevs) {
        for (QomNode& candidate : children(node)) {
            if (candidate.path == path) {
                return std::move(candidate);
            }
        }
    }
    return std::nullopt;
}

std::vector<QomNode> QomTree::children(const QomNode& node) const {
    if (const auto* const entry = std::get_if<const DeviceTree::Entry*>(&node.subject)) {
        return children_of(**entry);
    }
    if (const auto* const bus = std::get_if<const ScsiBus*>(&node.subject)) {
        return {{path_below(node, (*bus)->name()), "SCSI", QomPlain{}}};
    }
    const auto* const place = std::get_if<QomPlace>(&node.subject);
    if (place == nullptr) {
        return {};
    }
    std::vector<QomNode> nodes;
    for (const FixedNode& fixed : kFixed) {
        if (fixed.parent == *place && fixed.place != QomPlace::Root) {
            nodes.push_back(node_of(fixed));
        }
    }
    if (*place == QomPlace::Peripheral || *place == QomPlace::Anonymous) {
        const std::string prefix = path_below(node, "");
        for (const DeviceTree::Entry& entry : parts_.devices.entries()) {
            if (entry.path.starts_with(prefix)) {
                nodes.push_back(node_of(entry));
            }
        }
    }
    if (*place == QomPlace::Objects) {
        for (const PlannedObject& object : parts_.objects.entries()) {
            nodes.push_back(node_of(object));
        }
    }
    if (*place == QomPlace::Unattached) {
        for (std::uint32_t index = 0; index < parts_.config.topology.count(); ++index) {
            nodes.push_back(vcpu(index));
        }
    }
    if (*place == QomPlace::Chardevs) {
        for (const auto& chardev : parts_.chardevs.all()) {
            nodes.push_back(chardev_node(chardev->id(), chardev->kind()));
        }
        if (parts_.monitors != nullptr) {
            for (const MonitorEndpoint& monitor : *parts_.monitors) {
                nodes.push_back(node_of(monitor));
            }
        }
    }
    return nodes;
}

QomNode QomTree::vcpu(std::uint32_t index) const {
    return {concat("/machine/unattached/device[", index, ']'), std::string(kCpuTypeName),
            QomVcpu{index}};
}

std::string QomTree::link(const QomNode& node, std::string_view name) const {
    if (const auto* const entry = std::get_if<const DeviceTree::Entry*>(&node.subject)) {
        if (name == "parent_bus") {
            return path_of_bus(**entry);
        }
        const Device& device = *(*entry)->device;
        const BoundProperty bound =
            qom_link_target(name).empty()
                ? BoundProperty{nullptr, nullptr}
                : find_property(device.type().properties, device.config(), name);
        return bound.row == nullptr ? "" : *qom_value(*bound.row, bound.part).as_string();
    }
    const auto* const place = std::get_if<QomPlace>(&node.subject);
    const bool is_machine = place != nullptr && *place == QomPlace::Machine;
    return is_machine && name == "memory-backend" ? path_of_ram() : "";
}

std::string QomTree::path_of_bus(const DeviceTree::Entry& entry) const {
    if (const auto* const unit = dynamic_cast<const ScsiDisk*>(entry.device.get())) {
        return scsi_bus_path(parts_.devices, unit->bus());
    }
    const PciFunction* const function = function_of(entry);
    return function == nullptr ? "" : path_of_bus(function->bus());
}

std::string QomTree::path_of_bus(const PciBus& bus) const {
    if (bus.is_root() && !bus.is_expander()) {
        return std::string(kRootBus);
    }
    for (const DeviceTree::Entry& entry : parts_.devices.entries()) {
        const PciFunction* const function = function_of(entry);
        if (function != nullptr && bus_behind(*function) == &bus) {
            return concat(entry.path, '/', bus.name());
        }
    }
    return std::string(kRootBus);
}

std::string QomTree::path_of_ram() const {
    const MachineConfig& config = parts_.config;
    const bool is_default =
        config.machine.memory_backend.empty() && config.numa_options.nodes.empty();
    const std::string ram(is_default ? kDefaultRamId : config.machine.memory_backend);
    return ram.empty() ? "" : concat("/objects/", ram);
}

}  // namespace siskin
