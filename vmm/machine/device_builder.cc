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

// Each that does not fit.
std::vector<Error> apply_arguments(const DeviceType& type, void* config,
                                   const Value::Dict& arguments) {
    std::vector<Error> problems;
    for (const auto& [name, value] : arguments) {
        if (name == "driver" || name == "id") {
            continue;
        }
        if (auto set = set_property(type.properties, config, type.name, name, value); !set) {
            problems.push_back(std::move(set).error());
        }
    }
    return problems;
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

Error problem(std::string message) {
    return Error{ErrorClass::GenericError, std::move(message)};
}

// Its type and id; a plan without a row where the type is not known.
DeviceReading begin_reading(const Value::Dict& arguments) {
    DeviceReading reading;
    const std::string driver = arguments.text("driver");
    if (driver.empty()) {
        reading.problems.push_back(problem("Parameter 'driver' is missing"));
    }
    reading.planned.id = arguments.text("id");
    if (arguments.find("id") != nullptr && !is_identifier(reading.planned.id)) {
        reading.problems.push_back(problem(
            "Parameter 'id' expects an identifier: a letter, then letters, digits, '-', '.', '_'"));
        reading.planned.id.clear();
    }
    reading.planned.row = find_device_type(driver);
    if (reading.planned.row != nullptr) {
        reading.planned.config = reading.planned.row->type->make_config();
    } else if (!driver.empty()) {
        reading.problems.push_back(
            problem(concat("'", printable(driver), "' is not a valid device model name")));
    }
    return reading;
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
    DeviceReading reading = begin_reading(use.members);
    if (reading.problems.empty()) {
        // Its errors name the option themselves.
        SISKIN_TRY(
            apply_globals(*reading.planned.row->type, reading.planned.config.get(), globals));
        reading.problems =
            apply_arguments(*reading.planned.row->type, reading.planned.config.get(), use.members);
    }
    if (!reading.problems.empty()) {
        return fail(in_context(use.text, std::move(reading.problems.front())));
    }
    reading.planned.text = use.text;
    return std::move(reading.planned);
}

Result<PlannedDevice> plan_device(const Value::Dict& arguments,
                                  const std::vector<OptionUse>& globals) {
    DeviceReading reading = read_device(arguments, globals);
    if (!reading.problems.empty()) {
        return fail(std::move(reading.problems.front()));
    }
    return std::move(reading.planned);
}

DeviceReading read_device(const Value::Dict& arguments, const std::vector<OptionUse>& globals) {
    DeviceReading reading = begin_reading(arguments);
    if (reading.planned.row == nullptr) {
        return reading;
    }
    const DeviceType& type = *reading.planned.row->type;
    void* const config = reading.planned.config.get();
    if (auto applied = apply_globals(type, config, globals); !applied) {
        reading.problems.push_back(std::move(applied).error());
    }
    for (Error& one : apply_arguments(type, config, arguments)) {
        reading.problems.push_back(std::move(one));
    }
    return reading;
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

Result<> load_option_rom(PlannedDevice& planned) {
    for (const PropertyGroup& group : planned.row->type->properties) {
        if (group.rows.data() == kPciProperties.data()) {
            const auto& properties =
                *static_cast<const PciProperties*>(group.part(planned.config.get()));
            planned.rom = SISKIN_TRY(OptionRom::load(properties));
        }
    }
    return {};
}

Result<> build_device(DeviceEnvironment& environment, const PlannedDevice& planned) {
    environment.rom = planned.rom;
    auto device = make_device(environment, planned);
    environment.rom.reset();
    if (!device) {
        return fail(planned.text.empty() ? std::move(device).error()
                                         : in_context(planned.text, std::move(device).error()));
    }
    environment.devices.add(std::move(*device), environment.hot_plugging);
    return {};
}

}  // namespace siskin
