// SPDX-License-Identifier: Apache-2.0
// Devices from their arguments.
#include "vmm/machine/device_builder.h"

#include <utility>

#include "base/text.h"
#include "vmm/machine/chipset_globals.h"
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
    if (SISKIN_TRY(is_chipset_global(use))) {
        return {};
    }
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

Result<PlannedDevice> begin_plan(const Value::Dict& arguments) {
    const std::string driver = arguments.text("driver");
    if (driver.empty()) {
        return fail("Parameter 'driver' is missing");
    }
    const std::string id = arguments.text("id");
    if (arguments.find("id") != nullptr && !is_identifier(id)) {
        return fail(
            "Parameter 'id' expects an identifier: a letter, then letters, digits, '-', '.', '_'");
    }
    const CatalogRow* const row = find_device_type(driver);
    if (row == nullptr) {
        return fail(concat("'", printable(driver), "' is not a valid device model name"));
    }
    return PlannedDevice{row, id, row->type->make_config(), ""};
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
    if (!driver.empty() && find_device_type(driver) == nullptr) {
        return fail(concat(use.text, ": '", printable(driver),
                           "' is not a valid device model name, see -device help"));
    }
    PlannedDevice planned = SISKIN_TRY_IN(use.text, begin_plan(use.members));
    planned.text = use.text;
    SISKIN_TRY(apply_globals(*planned.row->type, planned.config.get(), globals));
    SISKIN_TRY_IN(use.text, apply_arguments(*planned.row->type, planned.config.get(), use.members));
    return planned;
}

Result<PlannedDevice> plan_device(const Value::Dict& arguments,
                                  const std::vector<OptionUse>& globals) {
    PlannedDevice planned = SISKIN_TRY(begin_plan(arguments));
    SISKIN_TRY(apply_globals(*planned.row->type, planned.config.get(), globals));
    SISKIN_TRY(apply_arguments(*planned.row->type, planned.config.get(), arguments));
    return planned;
}

namespace {

Result<std::unique_ptr<Device>> make_device(DeviceEnvironment& environment,
                                            const PlannedDevice& planned) {
    if (!planned.id.empty()) {
        SISKIN_TRY(environment.devices.check_id(planned.id));
    }
    return planned.row->build(environment, planned.id, planned.config);
}

}  // namespace

Result<> build_device(DeviceEnvironment& environment, const PlannedDevice& planned) {
    auto device = make_device(environment, planned);
    if (!device) {
        return fail(planned.text.empty() ? std::move(device).error()
                                         : in_context(planned.text, std::move(device).error()));
    }
    environment.devices.add(std::move(*device), environment.hot_plugging);
    return {};
}

}  // namespace siskin
