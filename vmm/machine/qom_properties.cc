// SPDX-License-Identifier: Apache-2.0
// Rows of property tables in the words of the object tree.
#include "vmm/machine/qom_properties.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "vmm/machine/object_catalog.h"
#include "vmm/machine/qom_types.h"

namespace siskin {
namespace {

bool is_number(std::string_view type_name) {
    return type_name == "size" || type_name == "int" || type_name.starts_with("uint") ||
           type_name.starts_with("int");
}

}  // namespace

bool is_qom_property(const PropertyRow& row) {
    return row.name != "bus";
}

std::string qom_link_target(std::string_view name) {
    const auto names = [&](const ObjectType& type) {
        return !name.empty() && type.device_properties.front() == name;
    };
    const std::span<const ObjectType> types = object_catalog();
    const auto first = std::find_if(types.begin(), types.end(), names);
    if (first == types.end()) {
        return {};
    }
    // One of several kinds: what they have in common.
    const bool is_only = std::count_if(types.begin(), types.end(), names) == 1;
    return std::string(is_only ? first->name : find_qom_type(first->name)->parent);
}

std::string qom_type_name(const PropertyRow& row, QomOwner owner) {
    if (owner == QomOwner::Object) {
        return std::string(is_number(row.type_name) ? "int" : row.type_name);
    }
    const std::string target = qom_link_target(row.name);
    return target.empty() ? std::string(row.type_name) : concat("link<", target, '>');
}

Value qom_value(const PropertyRow& row, const void* part) {
    Value value = row.get(part);
    if (value.is_null()) {
        return is_number(row.type_name) ? Value(0) : Value("");
    }
    const std::string* const id = value.as_string();
    const bool is_link = id != nullptr && !id->empty() && !qom_link_target(row.name).empty();
    return is_link ? Value(concat("/objects/", *id)) : std::move(value);
}

Value qom_default(const DescribedProperty& property) {
    const bool has_none =
        property.row->type_name == "str" || !qom_link_target(property.row->name).empty();
    return has_none ? Value() : property.default_value;
}

}  // namespace siskin
