// SPDX-License-Identifier: Apache-2.0
// -serial, -debugcon and the defaults as the devices they stand for.
#pragma once

#include <vector>

#include "base/result.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// Turns the short forms of -serial and -debugcon into -chardev uses, added to `config`; with
// -nographic and without -nodefaults and -serial, the serial port is on stdio. Before the machine.
// Errors: a form that is none; stdio together with -daemonize.
[[nodiscard]] Result<> expand_short_forms(MachineConfig& config);

// The devices of the short forms, in order: first the serial ports, then the debug consoles.
[[nodiscard]] Result<std::vector<OptionUse>> default_devices(const MachineConfig& config);

}  // namespace siskin
