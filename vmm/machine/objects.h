// SPDX-License-Identifier: Apache-2.0
// Objects: what -object and object-add made, of all types, by id.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/object/device_tree.h"
#include "base/result.h"
#include "base/value.h"
#include "vmm/machine/object_catalog.h"

namespace siskin {

// An object whose words were checked.
struct PlannedObject {
    const ObjectType* type;
    std::string id;
    std::shared_ptr<void> config;
};

// {"qom-type": ..., "id": ..., and properties of the type}. Nothing is made. Errors: no such type,
// the id is missing or no identifier, and those of configure().
[[nodiscard]] Result<PlannedObject> plan_object(const Value::Dict& members);

// Thread: VM loop.
class Objects {
public:
    explicit Objects(ObjectEnvironment environment) : environment_(environment) {}

    // Error: an object has this id, or the object cannot be made.
    [[nodiscard]] Result<> add(PlannedObject object);
    // Errors: there is none of that id, or a device of `devices` or the machine uses it.
    [[nodiscard]] Result<> check_unused(std::string_view id, const DeviceTree& devices) const;
    // A property of an object that is there. Errors: there is none of that id or name, the value
    // does not fit, or the type's properties stay as they were given.
    [[nodiscard]] Result<> set(std::string_view id, std::string_view name, const Value& value);
    // It was found to be unused. May wait for a thread to end.
    void remove(std::string_view id);
    // Null when there is none.
    [[nodiscard]] const PlannedObject* find(std::string_view id) const;
    // In the order of creation.
    [[nodiscard]] const std::vector<PlannedObject>& entries() const { return entries_; }

private:
    [[nodiscard]] bool is_in_use(const PlannedObject& object, const DeviceTree& devices) const;

    ObjectEnvironment environment_;
    std::vector<PlannedObject> entries_;
};

}  // namespace siskin
