// SPDX-License-Identifier: Apache-2.0
// Devices from their arguments.
#include "vmm/machine/device_builder.h"

#include <utility>

#include "base/text.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

Result<> apply_globals(const DeviceType& type, void* config,
                       const std::vector<OptionUse>& globals) {
    for (const OptionUse& use : globals) {
        GlobalOptions global;
        SISKIN_TRY_IN(use.text, apply_options(option_keys("global"), &global, use.members));
        if (global.driver == type.name || global.driver == type.alias) {
            SISKIN_TRY_IN(use.text, set_property(type.properties, config, type.name,
                                                 global.property, Value(global.value)));
        }
    }
    return {};
}

Result<> apply_arguments(const DeviceType& type, void* config, const Value::Dict& arguments) {
    for (const auto& [name, value] : arguments) {
        if (name != "driver" && name != "id") {
            SISKIN_TRY(set_property(type.properties, config, type.name, name, value));
        }
    }
    return {};
}

Result<> check_global(const OptionUse& use) {
    GlobalOptions global;
    SISKIN_TRY_IN(use.text, apply_options(option_keys("global"), &global, use.members));
    for (const auto& [key, value] :
         {std::pair("driver", &global.driver), std::pair("property", &global.property)}) {
        if (value->empty()) {
            return fail(concat(use.text, ": Parameter '", key, "' is missing"));
        }
    }
    const CatalogRow* const row = find_device_type(global.driver);
    if (row == nullptr) {
        return fail(concat(use.text, ": '", printable(global.driver),
                           "' is not a valid device model name, see -device help"));
    }
    const auto config = row->type->make_config();
    SISKIN_TRY_IN(use.text, set_property(row->type->properties, config.get(), row->type->name,
                                         global.property, Value(global.value)));
    return {};
}

}  // namespace

Result<> check_globals(const std::vector<OptionUse>& globals) {
    for (const OptionUse& use : globals) {
        SISKIN_TRY(check_global(use));
    }
    return {};
}

Result<PlannedDevice> plan_device(const OptionUse& use, const std::vector<OptionUse>& globals) {
    const std::string driver = use.members.text("driver");
    if (driver.empty()) {
        return fail(concat(use.text, ": Parameter 'driver' is missing"));
    }
    const CatalogRow* const row = find_device_type(driver);
    if (row == nullptr) {
        return fail(concat(use.text, ": '", printable(driver),
                           "' is not a valid device model name, see -device help"));
    }
    PlannedDevice planned{row, use.members.text("id"), row->type->make_config(), use.text};
    if (use.members.find("id") != nullptr && !is_identifier(planned.id)) {
        return fail(concat(use.text,
                           ": Parameter 'id' expects an identifier: a letter, then "
                           "letters, digits, '-', '.', '_'"));
    }
    SISKIN_TRY(apply_globals(*row->type, planned.config.get(), globals));
    SISKIN_TRY_IN(use.text, apply_arguments(*row->type, planned.config.get(), use.members));
    return planned;
}

Result<> build_device(DeviceEnvironment& environment, const PlannedDevice& planned) {
    if (!planned.id.empty()) {
        SISKIN_TRY_IN(planned.text, environment.devices.check_id(planned.id));
    }
    auto device =
        SISKIN_TRY_IN(planned.text, planned.row->build(environment, planned.id, planned.config));
    environment.devices.add(std::move(device));
    return {};
}

}  // namespace siskin
