// SPDX-License-Identifier: Apache-2.0
// DeviceType: what the command line, help and introspection know of a kind of device.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/object/property.h"

namespace siskin {

// The headings of `-device help`, in QEMU's words.
enum class DeviceCategory { Bridge, Storage, Network, Input, Misc };
inline constexpr std::array kDeviceCategories{DeviceCategory::Bridge, DeviceCategory::Storage,
                                              DeviceCategory::Network, DeviceCategory::Input,
                                              DeviceCategory::Misc};

// One constant a type, beside the device; the list of all is vmm/machine/device_catalog.cc.
struct DeviceType {
    std::string_view name;         // "virtio-blk-pci"
    std::string_view alias;        // "virtio-blk", or empty
    std::string_view description;  // for -device help; may be empty
    DeviceCategory category;
    std::string_view bus;  // "PCI", "ISA": the kind of bus it sits on; empty: none
    std::span<const PropertyGroup> properties;
    // A default-constructed config object; its defaults are the properties' defaults.
    std::shared_ptr<void> (*make_config)();
};

template <typename Config>
[[nodiscard]] std::shared_ptr<void> make_config() {
    return std::make_shared<Config>();
}

// A config filled from `arguments`; the members "driver" and "id" are the caller's and passed over.
// Nothing else is touched before all are checked.
[[nodiscard]] Result<std::shared_ptr<void>> configure(const DeviceType& type,
                                                      const Value::Dict& arguments);

// One property of a type, with the value it has unasked.
struct DescribedProperty {
    const PropertyRow* row;
    Value default_value;  // null: none
};

// All properties of a type, by name; for help, introspection and docs.
[[nodiscard]] std::vector<DescribedProperty> describe_properties(const DeviceType& type);

// "Storage devices"
[[nodiscard]] std::string_view category_heading(DeviceCategory category);

}  // namespace siskin
