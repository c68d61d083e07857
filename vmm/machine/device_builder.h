// SPDX-License-Identifier: Apache-2.0
// DeviceBuilder: makes devices from their arguments, on the command line and later.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "pci/option_rom.h"
#include "vmm/machine/device_catalog.h"
#include "vmm/machine/device_environment.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// A device whose arguments were read and checked; nothing is made yet.
struct PlannedDevice {
    const CatalogRow* row = nullptr;
    std::string id;
    std::shared_ptr<void> config;
    std::string text;  // the option, for errors; empty: device_add
    // Loaded ahead, null for none; not loaded where there is nothing.
    std::optional<std::shared_ptr<OptionRom>> rom;
};

// Errors: a -global of an unknown type or property, or with a value that does not fit.
[[nodiscard]] Result<> check_globals(const std::vector<OptionUse>& globals);

// Reads the arguments by the type's table. `globals` are -global's: other defaults. Errors in
// QEMU's words: an unknown type or property, a value that does not fit.
[[nodiscard]] Result<PlannedDevice> plan_device(const OptionUse& use,
                                                const std::vector<OptionUse>& globals);

// The same for device_add, whose errors name no option.
[[nodiscard]] Result<PlannedDevice> plan_device(const Value::Dict& arguments,
                                                const std::vector<OptionUse>& globals);

// All that is wrong with the arguments, in the order in which plan_device() would find it; the type
// is not known where the row is null, and what does not fit is left as it was.
struct DeviceReading {
    PlannedDevice planned;
    std::vector<Error> problems;
};
[[nodiscard]] DeviceReading read_device(const Value::Dict& arguments,
                                        const std::vector<OptionUse>& globals);

// Reads the option ROM of a PCI device, so that nobody waits for its file under MachineLock.
// Errors: OptionRom::load()'s.
[[nodiscard]] Result<> load_option_rom(PlannedDevice& planned);

// Makes it and adds it to the tree. Errors: the id is taken, and what the device says; nothing has
// changed then.
[[nodiscard]] Result<> build_device(DeviceEnvironment& environment, const PlannedDevice& planned);

}  // namespace siskin
