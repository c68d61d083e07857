// SPDX-License-Identifier: Apache-2.0
// The types of the object tree with their parents, in QEMU's names.
#pragma once

#include <span>
#include <string_view>

namespace siskin {

// Of each virtual CPU, whatever -cpu says: there are no other models.
inline constexpr std::string_view kCpuTypeName = "host-x86_64-cpu";

struct QomType {
    std::string_view name;
    std::string_view parent;  // empty at the root
    bool is_abstract;         // only its descendants have objects
};

// Every type that this program has objects of, and all their ancestors.
[[nodiscard]] std::span<const QomType> qom_types();
// Null when there is none.
[[nodiscard]] const QomType* find_qom_type(std::string_view name);
// Whether `name` is `ancestor` or inherits from it.
[[nodiscard]] bool qom_type_is(std::string_view name, std::string_view ancestor);

}  // namespace siskin
