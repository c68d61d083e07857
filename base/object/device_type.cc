// SPDX-License-Identifier: Apache-2.0
// Filling a device's config from arguments.
#include "base/object/device_type.h"

#include <algorithm>

namespace siskin {

Result<std::shared_ptr<void>> configure(const DeviceType& type, const Value::Dict& arguments) {
    std::shared_ptr<void> config = type.make_config();
    for (const auto& [name, value] : arguments) {
        if (name != "driver" && name != "id") {
            SISKIN_TRY(set_property(type.properties, config.get(), type.name, name, value));
        }
    }
    return config;
}

std::vector<DescribedProperty> describe_properties(const DeviceType& type) {
    const std::shared_ptr<void> defaults = type.make_config();
    std::vector<DescribedProperty> described;
    for (const PropertyGroup& part : type.properties) {
        for (const PropertyRow& row : part.rows) {
            described.push_back({&row, row.get(part.part(defaults.get()))});
        }
    }
    std::sort(described.begin(), described.end(),
              [](const DescribedProperty& left, const DescribedProperty& right) {
                  return left.row->name < right.row->name;
              });
    return described;
}

std::string_view category_heading(DeviceCategory category) {
    switch (category) {
        case DeviceCategory::Bridge: return "Controller/Bridge/Hub devices";
        case DeviceCategory::Storage: return "Storage devices";
        case DeviceCategory::Network: return "Network devices";
        case DeviceCategory::Input: return "Input devices";
        case DeviceCategory::Misc: return "Misc devices";
    }
    return "Misc devices";
}

}  // namespace siskin
