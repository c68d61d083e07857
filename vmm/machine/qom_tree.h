// SPDX-License-Identifier: Apache-2.0
// QomTree: the machine's objects by path, as QMP shows them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "vmm/machine/machine.h"

namespace siskin {

class ScsiDisk;

struct QomProperty {
    std::string name;
    std::string type;  // "uint16", "child<iothread>", "link<bus>"
    std::string description;
    std::function<Value()> get;
};

struct QomNode {
    std::string path;
    std::string type;
    std::vector<QomProperty> properties;
};

// A view, made for one command: /machine with its peripherals, buses and CPUs, /objects, /chardevs.
// Everything in it is read from the parts of the machine; there is no second copy of anything.
// Thread: VM loop, under MachineLock as long as the view is used.
class QomTree {
public:
    explicit QomTree(Machine& machine);

    // By its path, or by the end of its path. Errors: "Device 'p' not found" (DeviceNotFound),
    // "Path 'p' is ambiguous".
    [[nodiscard]] Result<const QomNode*> find(std::string_view path) const;
    [[nodiscard]] const std::vector<QomNode>& nodes() const { return nodes_; }

private:
    // A node with the property `type`; also a property child<type> of its parent, which exists.
    QomNode& add(const std::string& path, std::string type);
    void add_property(QomNode& node, std::string name, std::string type, Value value);
    void add_object(const PlannedObject& object);
    void add_rows(QomNode& node, std::span<const PropertyGroup> groups, void* config);
    void add_device(const DeviceTree::Entry& entry);
    void add_place(const DeviceTree& devices, const std::string& path, const ScsiDisk& unit);
    void add_vcpus(Machine& machine);
    [[nodiscard]] QomNode* at(std::string_view path);

    std::vector<QomNode> nodes_;
};

}  // namespace siskin
