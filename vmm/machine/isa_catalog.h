// SPDX-License-Identifier: Apache-2.0
// How the ISA devices of devices/platform become devices of a machine.
#pragma once

#include <memory>
#include <string>

#include "base/object/device.h"
#include "base/result.h"
#include "vmm/machine/device_environment.h"

namespace siskin {

// For device_catalog.cc; `config` is of the type's own config struct. Errors: a port range or a
// COM port is taken, a chardev is not there or in use.
[[nodiscard]] Result<std::unique_ptr<Device>> build_isa_serial(DeviceEnvironment& environment,
                                                               std::string id,
                                                               std::shared_ptr<void> config);
[[nodiscard]] Result<std::unique_ptr<Device>> build_isa_debugcon(DeviceEnvironment& environment,
                                                                 std::string id,
                                                                 std::shared_ptr<void> config);
[[nodiscard]] Result<std::unique_ptr<Device>> build_isa_debug_exit(DeviceEnvironment& environment,
                                                                   std::string id,
                                                                   std::shared_ptr<void> config);

}  // namespace siskin
