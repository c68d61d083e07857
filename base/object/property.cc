// SPDX-License-Identifier: Apache-2.0
// Finding and setting properties by name.
#include "base/object/property.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace siskin {

BoundProperty find_property(std::span<const PropertyGroup> groups, void* config,
                            std::string_view name) {
    for (const PropertyGroup& group : groups) {
        for (const PropertyRow& row : group.rows) {
            if (row.name == name) {
                return BoundProperty{&row, group.part(config)};
            }
        }
    }
    return BoundProperty{nullptr, nullptr};
}

Result<> set_property(std::span<const PropertyGroup> groups, void* config, std::string_view owner,
                      std::string_view name, const Value& value) {
    const BoundProperty found = find_property(groups, config, name);
    if (found.row == nullptr) {
        return fail(concat("Property '", owner, '.', printable(name), "' not found"));
    }
    if (!found.row->set(found.part, value, found.row->range)) {
        return fail(concat("Property '", owner, '.', name, "' doesn't take value '",
                           printable(display(value)), "', allowed is ",
                           found.row->allowed(found.row->range)));
    }
    return {};
}

std::string display(const Value& value) {
    if (const bool* const boolean = value.as_bool()) {
        return *boolean ? "on" : "off";
    }
    if (const auto* const number = value.as_int()) {
        return std::to_string(*number);
    }
    if (const auto* const number = value.as_uint()) {
        return std::to_string(*number);
    }
    if (const auto* const number = value.as_double()) {
        std::array<char, 32> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "%.17g", *number);
        return buffer.data();
    }
    if (const auto* const text = value.as_string()) {
        return *text;
    }
    return concat("<", value.kind_name(), ">");
}

}  // namespace siskin
