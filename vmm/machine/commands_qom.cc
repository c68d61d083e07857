// SPDX-License-Identifier: Apache-2.0
// The object tree and the types over QMP.
#include "vmm/machine/commands_qom.h"

#include <algorithm>

#include "base/text.h"
#include "vmm/machine/device_catalog.h"
#include "vmm/machine/object_catalog.h"
#include "vmm/machine/qom_tree.h"
#include "vmm/machine/qom_types.h"

namespace siskin {
namespace {

Result<const QomProperty*> find_property_of(const QomNode& node, const std::string& name) {
    const auto found =
        std::find_if(node.properties.begin(), node.properties.end(),
                     [&](const QomProperty& property) { return property.name == name; });
    if (found == node.properties.end()) {
        return fail(concat("Property '", node.type, '.', printable(name), "' not found"));
    }
    return &*found;
}

// For what needs one object. QEMU tells apart a path that several end in, and one that none has,
// where it lists properties only.
Result<const QomNode*> find_only(const QomTree& tree, const std::string& path) {
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

// The id of a device that has one.
std::string name_of(const QomNode& node) {
    return node.path.substr(node.path.rfind('/') + 1);
}

qmp::ObjectPropertyInfo described(const DescribedProperty& property) {
    qmp::ObjectPropertyInfo info;
    info.name = property.row->name;
    info.type = property.row->type_name;
    info.description = property.row->description;
    if (!property.default_value.is_null()) {
        info.default_value = property.default_value;
    }
    return info;
}

std::vector<qmp::ObjectPropertyInfo> infos_of(const std::vector<DescribedProperty>& properties) {
    std::vector<qmp::ObjectPropertyInfo> infos;
    for (const DescribedProperty& property : properties) {
        infos.push_back(described(property));
    }
    return infos;
}

std::vector<qmp::ObjectPropertyInfo> properties_of(const DeviceType& type) {
    return infos_of(describe_properties(type));
}

}  // namespace

Result<QomHandlers::PropertyInfos> QomHandlers::qom_list(const qmp::QomListArguments& arguments) {
    const MutexLock hold(machine_.lock());
    const QomTree tree(machine_);
    const QomNode* const node = SISKIN_TRY(tree.find(arguments.path));
    PropertyInfos infos;
    for (const QomProperty& property : node->properties) {
        qmp::ObjectPropertyInfo info;
        info.name = property.name;
        info.type = property.type;
        infos.push_back(std::move(info));
    }
    return infos;
}

Result<Value> QomHandlers::qom_get(const qmp::QomGetArguments& arguments) {
    const MutexLock hold(machine_.lock());
    const QomTree tree(machine_);
    const QomNode* const node = SISKIN_TRY(find_only(tree, arguments.path));
    const QomProperty* const property = SISKIN_TRY(find_property_of(*node, arguments.property));
    Value value = property->get();
    return value.is_null() ? Value("") : std::move(value);
}

Result<> QomHandlers::qom_set(const qmp::QomSetArguments& arguments) {
    const MutexLock hold(machine_.lock());
    const QomTree tree(machine_);
    const QomNode* const node = SISKIN_TRY(find_only(tree, arguments.path));
    const QomProperty* const property = SISKIN_TRY(find_property_of(*node, arguments.property));
    // What exists is realized, and nothing of it can be changed afterwards.
    return fail(is_option(*node, *property)
                    ? concat("Attempt to set property '", property->name, "' on device '",
                             name_of(*node), "' (type '", node->type, "') after it was realized")
                    : concat("Property '", node->type, '.', property->name, "' is not writable"));
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

Result<QomHandlers::PropertyInfos> QomHandlers::qom_list_properties(
    const qmp::QomListPropertiesArguments& arguments) {
    if (const ObjectType* const object = find_object_type(arguments.typename_)) {
        return infos_of(describe_properties(*object));
    }
    const CatalogRow* const row = find_device_type(arguments.typename_);
    return row == nullptr ? PropertyInfos() : properties_of(*row->type);
}

Result<QomHandlers::PropertyInfos> QomHandlers::device_list_properties(
    const qmp::DeviceListPropertiesArguments& arguments) {
    const std::string& name = arguments.typename_;
    if (const CatalogRow* const row = find_device_type(name)) {
        return properties_of(*row->type);
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
