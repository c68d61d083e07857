// SPDX-License-Identifier: Apache-2.0
// The object types of -object and object-add: what each one is, takes and becomes.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/object/device_type.h"
#include "base/object/property.h"
#include "base/result.h"
#include "base/value.h"
#include "vmm/machine/io_threads.h"
#include "vmm/machine/memory_backends.h"
#include "vmm/machine/throttle_groups.h"

namespace siskin {

// The parts of the machine that objects become parts of; it outlives them.
struct ObjectEnvironment {
    IoThreads& io_threads;
    MemoryBackends& memory;
    ThrottleGroups& throttle_groups;
};

// One row a type; -object help, object-add, qom-list-types, qom-list-properties and
// docs/reference/command-line.md come from it. The schema has the types and members once more, for
// introspection; a test holds the two together.
struct ObjectType {
    std::string_view name;
    std::string_view description;  // a sentence
    std::span<const PropertyGroup> properties;
    std::shared_ptr<void> (*make_config)();
    // Members in another form become those of the table; may be null.
    Result<Value::Dict> (*spread)(const Value::Dict& members);
    // Of the words alone, before anything is made.
    Result<> (*check)(const void* config);
    Result<> (*create)(ObjectEnvironment& environment, const std::string& id, const void* config);
    // An object that is there gets these properties (qom-set); null where they stay.
    void (*change)(ObjectEnvironment& environment, std::string_view id, const void* config);
    void (*remove)(ObjectEnvironment& environment, std::string_view id);
    // By the machine itself. Besides, devices name objects in `device_properties`, the text itself
    // or one inside a list or dictionary.
    bool (*is_in_use)(const ObjectEnvironment& environment, std::string_view id);
    std::array<std::string_view, 2> device_properties;
};

[[nodiscard]] std::span<const ObjectType> object_catalog();
// Null when there is none.
[[nodiscard]] const ObjectType* find_object_type(std::string_view name);
[[nodiscard]] std::vector<DescribedProperty> describe_properties(const ObjectType& type);

// A config filled from `members`; "qom-type" and "id" are the caller's and passed over. Errors:
// "Invalid parameter 'x', allowed are ...", "Parameter 'x' doesn't take value 'v', ...", and those
// of the type's check.
[[nodiscard]] Result<std::shared_ptr<void>> configure(const ObjectType& type,
                                                      const Value::Dict& members);

}  // namespace siskin
