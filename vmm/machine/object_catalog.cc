// SPDX-License-Identifier: Apache-2.0
// The table of object types.
#include "vmm/machine/object_catalog.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vmm/machine/throttle_group_config.h"

namespace siskin {
namespace {

Result<> create_io_thread(ObjectEnvironment& environment, const std::string& id,
                          const void* config) {
    return environment.io_threads.add(id, *static_cast<const IoThreadConfig*>(config));
}

void change_io_thread(ObjectEnvironment& environment, std::string_view id, const void* config) {
    environment.io_threads.configure(id, *static_cast<const IoThreadConfig*>(config));
}

void remove_io_thread(ObjectEnvironment& environment, std::string_view id) {
    static_cast<void>(environment.io_threads.remove(id));
}

template <MemoryBackendKind Kind>
std::shared_ptr<void> make_memory_config() {
    return std::make_shared<MemoryBackendConfig>(default_memory_config(Kind));
}

template <MemoryBackendKind Kind>
Result<> check_memory(const void* config) {
    return check_memory_config(Kind, *static_cast<const MemoryBackendConfig*>(config));
}

template <MemoryBackendKind Kind>
Result<> create_memory(ObjectEnvironment& environment, const std::string& id, const void* config) {
    return environment.memory.add(Kind, id, *static_cast<const MemoryBackendConfig*>(config));
}

void remove_memory(ObjectEnvironment& environment, std::string_view id) {
    environment.memory.remove(id);
}

bool is_ram(const ObjectEnvironment& environment, std::string_view id) {
    const MemoryBackends::Entry* const entry = environment.memory.find(id);
    return entry != nullptr && entry->is_ram;
}

Result<> check_throttle_group(const void* config) {
    SISKIN_TRY(throttle_limits_of(*static_cast<const ThrottleGroupConfig*>(config)));
    return {};
}

Result<> create_throttle_group(ObjectEnvironment& environment, const std::string& id,
                               const void* config) {
    const ThrottleLimits limits =
        SISKIN_TRY(throttle_limits_of(*static_cast<const ThrottleGroupConfig*>(config)));
    return environment.throttle_groups.add(id, limits);
}

void remove_throttle_group(ObjectEnvironment& environment, std::string_view id) {
    static_cast<void>(environment.throttle_groups.remove(id));
}

bool is_throttle_group_used(const ObjectEnvironment& environment, std::string_view id) {
    return environment.throttle_groups.is_used(id);
}

template <MemoryBackendKind Kind>
ObjectType memory_type(std::string_view description) {
    return ObjectType{type_name(Kind),
                      description,
                      memory_backend_properties(Kind),
                      make_memory_config<Kind>,
                      nullptr,
                      check_memory<Kind>,
                      create_memory<Kind>,
                      nullptr,
                      remove_memory,
                      is_ram,
                      {"memdev", ""}};
}

}  // namespace

std::span<const ObjectType> object_catalog() {
    static const std::array kTypes{
        ObjectType{"iothread",
                   "A thread that does the I/O of devices which name it.",
                   io_thread_properties(),
                   make_config<IoThreadConfig>,
                   nullptr,
                   [](const void*) { return Result<>(); },
                   create_io_thread,
                   change_io_thread,
                   remove_io_thread,
                   [](const ObjectEnvironment&, std::string_view) { return false; },
                   {"iothread", "iothread-vq-mapping"}},
        memory_type<MemoryBackendKind::File>("Memory of a file."),
        memory_type<MemoryBackendKind::Memfd>("Memory of a file without a name."),
        memory_type<MemoryBackendKind::Ram>("Memory of the process alone."),
        ObjectType{"throttle-group",
                   "Limits that disks share.",
                   throttle_group_properties(),
                   make_config<ThrottleGroupConfig>,
                   spread_throttle_limits,
                   check_throttle_group,
                   create_throttle_group,
                   nullptr,
                   remove_throttle_group,
                   is_throttle_group_used,
                   {"", ""}},
    };
    return kTypes;
}

const ObjectType* find_object_type(std::string_view name) {
    const std::span<const ObjectType> types = object_catalog();
    const auto found = std::find_if(types.begin(), types.end(),
                                    [&](const ObjectType& type) { return type.name == name; });
    return found == types.end() ? nullptr : &*found;
}

std::vector<DescribedProperty> describe_properties(const ObjectType& type) {
    const std::shared_ptr<void> defaults = type.make_config();
    std::vector<DescribedProperty> properties;
    for (const PropertyGroup& group : type.properties) {
        for (const PropertyRow& row : group.rows) {
            properties.push_back({&row, row.get(group.part(defaults.get()))});
        }
    }
    std::sort(properties.begin(), properties.end(),
              [](const auto& left, const auto& right) { return left.row->name < right.row->name; });
    return properties;
}

namespace {

std::string names_of(const ObjectType& type) {
    std::vector<std::string> names;
    for (const DescribedProperty& property : describe_properties(type)) {
        names.emplace_back(property.row->name);
    }
    return names.empty() ? "none" : join(names, ", ");
}

}  // namespace

Result<std::shared_ptr<void>> configure(const ObjectType& type, const Value::Dict& members) {
    std::shared_ptr<void> config = type.make_config();
    const Value::Dict spread = type.spread == nullptr ? members : SISKIN_TRY(type.spread(members));
    for (const auto& [name, value] : spread) {
        if (name == "qom-type" || name == "id") {
            continue;
        }
        const BoundProperty property = find_property(type.properties, config.get(), name);
        if (property.row == nullptr) {
            return fail(
                concat("Invalid parameter '", printable(name), "', allowed are ", names_of(type)));
        }
        if (!property.row->set(property.part, value, property.row->range)) {
            return fail(concat("Parameter '", name, "' doesn't take value '",
                               printable(display(value)), "', allowed is ",
                               property.row->allowed(property.row->range)));
        }
    }
    SISKIN_TRY(type.check(config.get()));
    return config;
}

}  // namespace siskin
