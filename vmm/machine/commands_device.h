// SPDX-License-Identifier: Apache-2.0
// The QMP commands that plug and unplug devices.
#pragma once

#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"

namespace siskin {

// Thread: VM loop.
class DeviceHandlers final : public qmp::DeviceCommands {
public:
    explicit DeviceHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<> device_add(const qmp::DeviceAddArguments& arguments) override;
    [[nodiscard]] Result<> device_del(const qmp::DeviceDelArguments& arguments) override;

private:
    Machine& machine_;
};

}  // namespace siskin
