// SPDX-License-Identifier: Apache-2.0
// Filling a device's config from arguments.
#include "base/object/device_type.h"

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
