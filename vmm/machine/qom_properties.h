// SPDX-License-Identifier: Apache-2.0
// How rows of property tables look in the object tree: QEMU's types, links, numbers for all.
#pragma once

#include <string>
#include <string_view>

#include "base/object/device_type.h"
#include "base/object/property.h"
#include "base/value.h"

namespace siskin {

// Of devices and of what -object makes; in QEMU all numbers of the latter are of one type.
enum class QomOwner { Device, Object };

// False for what only says where a device goes and is no property of it: "bus".
[[nodiscard]] bool is_qom_property(const PropertyRow& row);
// The type of the objects that such a property of devices names: "iothread". Empty: it names none.
[[nodiscard]] std::string qom_link_target(std::string_view name);
// "uint32", "int", "link<iothread>"
[[nodiscard]] std::string qom_type_name(const PropertyRow& row, QomOwner owner);
// The path of a named object, "" for none; 0 for a number that is not set and has no other.
[[nodiscard]] Value qom_value(const PropertyRow& row, const void* part);
// What device-list-properties tells; null for texts and names of objects, which have none.
[[nodiscard]] Value qom_default(const DescribedProperty& property);

}  // namespace siskin
