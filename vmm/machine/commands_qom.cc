// SPDX-License-Identifier: Apache-2.0
// The object tree and the types over QMP.
#include "vmm/machine/commands_qom.h"

#include <algorithm>

#include "base/text.h"
#include "vmm/machine/device_catalog.h"
#include "vmm/machine/object_catalog.h"
#include "vmm/machine/qom_properties.h"
#include "vmm/machine/qom_tree.h"
#include "vmm/machine/qom_types.h"

namespace siskin {
namespace {

Result<QomProperty> find_property_of(const QomTree& tree, const QomNode& node,
                                     const std::string& name) {
    for (QomProperty& property : tree.properties(node)) {
        if (property.name == name) {
            return std::move(property);
        }
    }
    return fail(concat("Property '", node.type, '.', printable(name), "' not found"));
}

// For what needs one object. QEMU tells apart a path that several end in, and one that none has,
// where it lists properties only.
Result<QomNode> find_only(const QomTree& tree, const std::string& path) {
    auto node = tree.find(path);
    if (!node) {
        return fail(ErrorClass::DeviceNotFound, concat("Device '", printable(path), "' not found"));
    }
    return node;
}

// What tells of an object, or leads to another, is nobody's to set.
bool is_option(const QomNode& node, const QomProperty& property) {
    const bool tells =
        property.name == "type" || property.name == "hotplugged" || property.name == "hotpluggable";
    const bool leads = property.type.starts_with("child<") || property.type == "link<bus>";
    return find_device_type(node.type) != nullptr && !tells && !leads;
}

qmp::ObjectPropertyInfo told(std::string_view name, std::string_view type) {
    qmp::ObjectPropertyInfo info;
    info.name = name;
    info.type = type;
    return info;
}

void add_rows(QomHandlers::PropertyInfos& infos, const std::vector<DescribedProperty>& properties,
              QomOwner owner) {
    for (const DescribedProperty& property : properties) {
        if (is_qom_property(*property.row)) {
            infos.push_back(told(property.row->name, qom_type_name(*property.row, owner)));
            infos.back().description = property.row->description;
        }
    }
}

// With what a property is unasked, which QEMU tells here alone.
QomHandlers::PropertyInfos options_of(const DeviceType& type) {
    QomHandlers::PropertyInfos infos;
    for (const DescribedProperty& property : describe_properties(type)) {
        if (is_qom_property(*property.row)) {
            infos.push_back(
                told(property.row->name, qom_type_name(*property.row, QomOwner::Device)));
            infos.back().description = property.row->description;
            if (Value value = qom_default(property); !value.is_null()) {
                infos.back().default_value = std::move(value);
            }
        }
    }
    return infos;
}

}  // namespace

Result<QomHandlers::PropertyInfos> QomHandlers::qom_list(const qmp::QomListArguments& arguments) {
    const MutexLock hold(machine_.lock());
    const QomTree tree(qom_parts(machine_, &monitors_));
    const QomNode node = SISKIN_TRY(tree.find(arguments.path));
    PropertyInfos infos;
    for (const QomProperty& property : tree.properties(node)) {
        infos.push_back(told(property.name, property.type));
    }
    return infos;
}

Result<Value> QomHandlers::qom_get(const qmp::QomGetArguments& arguments) {
    const MutexLock hold(machine_.lock());
    const QomTree tree(qom_parts(machine_, &monitors_));
    const QomNode node = SISKIN_TRY(find_only(tree, arguments.path));
    const QomProperty property = SISKIN_TRY(find_property_of(tree, node, arguments.property));
    return property.get();
}

Result<> QomHandlers::qom_set(const qmp::QomSetArguments& arguments) {
    const MutexLock hold(machine_.lock());
    const QomTree tree(qom_parts(machine_, &monitors_));
    const QomNode node = SISKIN_TRY(find_only(tree, arguments.path));
    const QomProperty property = SISKIN_TRY(find_property_of(tree, node, arguments.property));
    if (std::holds_alternative<const PlannedObject*>(node.subject) && property.name != "type") {
        return machine_.set_object_property(node.name(), property.name, arguments.value);
    }
    // What else there is is realized, and nothing of it can be changed afterwards.
    return fail(is_option(node, property)
                    ? concat("Attempt to set property '", property.name, "' on device '",
                             node.name(), "' (type '", node.type, "') after it was realized")
                    : concat("Property '", node.type, '.', property.name, "' is not writable"));
}

Result<std::vector<qmp::ObjectTypeInfo>> QomHandlers::qom_list_types(
    const qmp::QomListTypesArguments& arguments) {
    std::vector<qmp::ObjectTypeInfo> infos;
    for (const QomType& type : qom_types()) {
        const bool is_wanted =
            (!type.is_abstract || arguments.abstract.value_or(false)) &&
            (!arguments.implements || qom_type_is(type.name, *arguments.implements));
        if (is_wanted) {
            qmp::ObjectTypeInfo info;
            info.name = type.name;
            if (type.is_abstract) {
                info.abstract = true;
            }
            if (!type.parent.empty()) {
                info.parent = std::string(type.parent);
            }
            infos.push_back(std::move(info));
        }
    }
    return infos;
}

// In QEMU's order: what all of them have comes first.
Result<QomHandlers::PropertyInfos> QomHandlers::qom_list_properties(
    const qmp::QomListPropertiesArguments& arguments) {
    const std::string& name = arguments.typename_;
    PropertyInfos infos;
    if (find_qom_type(name) == nullptr) {
        return infos;
    }
    infos.push_back(told("type", "string"));
    if (qom_type_is(name, "device")) {
        infos.push_back(told("parent_bus", "link<bus>"));
        for (const std::string_view flag : {"realized", "hotplugged", "hotpluggable"}) {
            infos.push_back(told(flag, "bool"));
        }
    }
    if (const CatalogRow* const row = find_device_type(name)) {
        add_rows(infos, describe_properties(*row->type), QomOwner::Device);
    }
    if (const ObjectType* const object = find_object_type(name)) {
        add_rows(infos, describe_properties(*object), QomOwner::Object);
    }
    return infos;
}

Result<QomHandlers::PropertyInfos> QomHandlers::device_list_properties(
    const qmp::DeviceListPropertiesArguments& arguments) {
    const std::string& name = arguments.typename_;
    if (const CatalogRow* const row = find_device_type(name)) {
        return options_of(*row->type);
    }
    const QomType* const type = find_qom_type(name);
    if (type == nullptr) {
        return fail(ErrorClass::DeviceNotFound, concat("Device '", printable(name), "' not found"));
    }
    if (type->is_abstract || !qom_type_is(name, "device")) {
        return fail("Parameter 'typename' expects a non-abstract device type");
    }
    return PropertyInfos();
}

}  // namespace siskin
