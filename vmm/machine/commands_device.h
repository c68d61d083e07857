// SPDX-License-Identifier: Apache-2.0
// The QMP commands that plug and unplug devices.
#pragma once

#include <chrono>

#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"

namespace siskin {

// Thread: VM loop.
class DeviceHandlers final : public qmp::DeviceCommands {
public:
    explicit DeviceHandlers(Machine& machine) : machine_(machine) {}

    static constexpr std::chrono::milliseconds kWaitDefault{10'000};
    static constexpr std::chrono::milliseconds kWaitMax{600'000};

    void device_add(const qmp::DeviceAddArguments& arguments, qmp::Later later) override;
    void device_del(const qmp::DeviceDelArguments& arguments, qmp::Later later) override;
    [[nodiscard]] Result<qmp::MachinePlan> x_siskin_plan(
        const qmp::XSiskinPlanArguments& arguments) override;

private:
    Machine& machine_;
};

}  // namespace siskin
