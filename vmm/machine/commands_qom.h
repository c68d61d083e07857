// SPDX-License-Identifier: Apache-2.0
// The QMP commands about objects: the tree, the types, I/O threads.
#pragma once

#include <vector>

#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/monitors.h"

namespace siskin {

// Thread: VM loop.
class QomHandlers final : public qmp::QomCommands {
public:
    // Both outlive it. The monitors' character devices are objects, too.
    QomHandlers(Machine& machine, const std::vector<MonitorEndpoint>& monitors)
        : machine_(machine), monitors_(monitors) {}

    using PropertyInfos = std::vector<qmp::ObjectPropertyInfo>;
    [[nodiscard]] Result<PropertyInfos> qom_list(const qmp::QomListArguments& arguments) override;
    [[nodiscard]] Result<Value> qom_get(const qmp::QomGetArguments& arguments) override;
    [[nodiscard]] Result<> qom_set(const qmp::QomSetArguments& arguments) override;
    [[nodiscard]] Result<std::vector<qmp::ObjectTypeInfo>> qom_list_types(
        const qmp::QomListTypesArguments& arguments) override;
    [[nodiscard]] Result<PropertyInfos> qom_list_properties(
        const qmp::QomListPropertiesArguments& arguments) override;
    [[nodiscard]] Result<PropertyInfos> device_list_properties(
        const qmp::DeviceListPropertiesArguments& arguments) override;

private:
    Machine& machine_;
    const std::vector<MonitorEndpoint>& monitors_;
};

class ObjectHandlers final : public qmp::ObjectCommands {
public:
    explicit ObjectHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<> object_add(const qmp::ObjectOptions& arguments) override;
    // The same, for what the human monitor has read.
    [[nodiscard]] Result<> add(const Value::Dict& members);
    [[nodiscard]] Result<> object_del(const qmp::ObjectDelArguments& arguments) override;
    [[nodiscard]] Result<std::vector<qmp::IOThreadInfo>> query_iothreads() override;
    [[nodiscard]] Result<std::vector<qmp::Memdev>> query_memdev() override;

private:
    Machine& machine_;
};

}  // namespace siskin
