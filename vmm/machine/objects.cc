// SPDX-License-Identifier: Apache-2.0
// Objects of all types.
#include "vmm/machine/objects.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace siskin {
namespace {

std::string type_names() {
    std::vector<std::string> names;
    for (const ObjectType& type : object_catalog()) {
        names.emplace_back(type.name);
    }
    return join(names, ", ");
}

// What a property holds is no deeper than its type.
bool mentions(const Value& value, std::string_view id) {
    if (const Value::List* const list = value.as_list()) {
        return std::any_of(list->begin(), list->end(),
                           [&](const Value& one) { return mentions(one, id); });
    }
    if (const Value::Dict* const members = value.as_dict()) {
        return std::any_of(members->begin(), members->end(),
                           [&](const auto& member) { return mentions(member.second, id); });
    }
    const std::string* const text = value.as_string();
    return text != nullptr && *text == id;
}

}  // namespace

Result<PlannedObject> plan_object(const Value::Dict& members) {
    const std::string name = members.text("qom-type");
    if (name.empty()) {
        return fail("Parameter 'qom-type' is missing");
    }
    const ObjectType* const type = find_object_type(name);
    if (type == nullptr) {
        return fail(concat("Parameter 'qom-type' does not accept value '", printable(name),
                           "', allowed are ", type_names()));
    }
    std::string id = members.text("id");
    if (id.empty()) {
        return fail("Parameter 'id' is missing");
    }
    if (!is_identifier(id)) {
        return fail(concat("Parameter 'id' expects an identifier, not '", printable(id), "'"));
    }
    std::shared_ptr<void> config = SISKIN_TRY(configure(*type, members));
    return PlannedObject{type, std::move(id), std::move(config)};
}

Result<> Objects::add(PlannedObject object) {
    if (find(object.id) != nullptr) {
        return fail(concat("Duplicate ID '", object.id, "' for object"));
    }
    SISKIN_TRY(object.type->create(environment_, object.id, object.config.get()));
    entries_.push_back(std::move(object));
    return {};
}

Result<> Objects::check_unused(std::string_view id, const DeviceTree& devices) const {
    const PlannedObject* const object = find(id);
    if (object == nullptr) {
        return fail(concat("object '", printable(id), "' not found"));
    }
    if (is_in_use(*object, devices)) {
        return fail(concat("object '", id, "' is in use, can not be deleted"));
    }
    return {};
}

Result<> Objects::set(std::string_view id, std::string_view name, const Value& value) {
    const PlannedObject* const object = find(id);
    if (object == nullptr) {
        return fail(concat("object '", printable(id), "' not found"));
    }
    const ObjectType& type = *object->type;
    const BoundProperty property = find_property(type.properties, object->config.get(), name);
    if (property.row == nullptr) {
        return fail(concat("Property '", type.name, '.', printable(name), "' not found"));
    }
    if (type.change == nullptr) {
        return fail(concat("Property '", type.name, '.', name, "' is not writable"));
    }
    SISKIN_TRY(set_property(type.properties, object->config.get(), type.name, name, value));
    type.change(environment_, id, object->config.get());
    return {};
}

void Objects::remove(std::string_view id) {
    const PlannedObject* const object = find(id);
    SISKIN_ASSERT(object != nullptr);
    object->type->remove(environment_, id);
    std::erase_if(entries_, [&](const PlannedObject& entry) { return entry.id == id; });
}

const PlannedObject* Objects::find(std::string_view id) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const PlannedObject& entry) { return entry.id == id; });
    return found == entries_.end() ? nullptr : &*found;
}

bool Objects::is_in_use(const PlannedObject& object, const DeviceTree& devices) const {
    if (object.type->is_in_use(environment_, object.id)) {
        return true;
    }
    const auto& entries = devices.entries();
    return std::any_of(entries.begin(), entries.end(), [&](const DeviceTree::Entry& entry) {
        Device& device = *entry.device;
        const auto& names = object.type->device_properties;
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
            const BoundProperty property =
                find_property(device.type().properties, device.config(), name);
            return property.row != nullptr && mentions(property.get(), object.id);
        });
    });
}

}  // namespace siskin
