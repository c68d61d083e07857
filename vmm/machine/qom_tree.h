// SPDX-License-Identifier: Apache-2.0
// QomTree: the machine's objects by path, as QMP shows them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/object/device_tree.h"
#include "base/result.h"
#include "base/value.h"
#include "devices/chardev/chardev_registry.h"
#include "pci/bus.h"
#include "vmm/machine/machine_config.h"
#include "vmm/machine/objects.h"

namespace siskin {

class Machine;
class ScsiBus;
struct MonitorEndpoint;

// What the tree is made of; all outlives it.
struct QomParts {
    const MachineConfig& config;
    const DeviceTree& devices;
    const Objects& objects;
    const ChardevRegistry& chardevs;
    const std::vector<MonitorEndpoint>* monitors = nullptr;  // null: they are not shown
};
[[nodiscard]] QomParts qom_parts(Machine& machine,
                                 const std::vector<MonitorEndpoint>* monitors = nullptr);

// What is always there.
enum class QomPlace {
    Root,
    Objects,
    Machine,
    Host,
    RootBus,
    Unattached,
    Peripheral,
    Anonymous,
    Chardevs
};

struct QomVcpu {
    std::uint32_t index;
};

// Other objects have nothing but their type.
struct QomPlain {};

struct QomNode {
    std::string path;
    std::string type;
    // A bus: what a SCSI host's is below.
    std::variant<QomPlace, const PlannedObject*, const DeviceTree::Entry*, QomVcpu, const ScsiBus*,
                 QomPlain>
        subject;

    // The last part of its path.
    [[nodiscard]] std::string name() const { return path.substr(path.rfind('/') + 1); }
};

struct QomProperty {
    std::string name;
    std::string type;  // "uint16", "child<iothread>", "link<bus>"
    std::function<Value()> get;
};

// A view: /machine with its peripherals, buses and CPUs, /objects, /chardevs. Nothing is made in
// advance; a path is followed from the root, and each step asks the part that knows.
// Thread: VM loop, under MachineLock as long as the view and what it returned are used.
class QomTree {
public:
    explicit QomTree(const QomParts& parts) : parts_(parts) {}

    // By a path from the root, or by the end of one: of all objects, the one from which that path
    // leads somewhere. A part of a path is a child's name, or a link's. Errors: "Device 'p' not
    // found" (DeviceNotFound), "Path 'p' is ambiguous".
    [[nodiscard]] Result<QomNode> find(std::string_view path) const;
    [[nodiscard]] QomNode root() const;
    [[nodiscard]] std::vector<QomNode> children(const QomNode& node) const;
    [[nodiscard]] std::vector<QomProperty> properties(const QomNode& node) const;

private:
    using Parts = std::vector<std::string_view>;

    [[nodiscard]] std::optional<QomNode> walk(const QomNode& from, const Parts& parts) const;
    [[nodiscard]] std::optional<QomNode> step(const QomNode& from, std::string_view name) const;
    [[nodiscard]] std::optional<QomNode> child(const QomNode& node, std::string_view name) const;
    // The path that a link of this name leads to; empty: there is no such link, or it leads
    // nowhere.
    [[nodiscard]] std::string link(const QomNode& node, std::string_view name) const;
    // Adds what is found to `found`, until it is two.
    void search(const QomNode& from, const Parts& parts, std::vector<QomNode>& found) const;
    [[nodiscard]] QomNode vcpu(std::uint32_t index) const;
    [[nodiscard]] std::string path_of_bus(const PciBus& bus) const;
    [[nodiscard]] std::string path_of_bus(const DeviceTree::Entry& entry) const;
    [[nodiscard]] std::string path_of_ram() const;
    void add_device_properties(const DeviceTree::Entry& entry,
                               std::vector<QomProperty>& properties) const;
    void add_vcpu_properties(std::uint32_t index, std::vector<QomProperty>& properties) const;

    QomParts parts_;
};

}  // namespace siskin
