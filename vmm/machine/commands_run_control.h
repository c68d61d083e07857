// SPDX-License-Identifier: Apache-2.0
// The QMP commands of the group run-control.
#pragma once

#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"

namespace siskin {

// Thread: VM loop. The machine takes its lock where it needs it.
class RunControlHandlers final : public qmp::RunControlCommands {
public:
    explicit RunControlHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<qmp::StatusInfo> query_status() override;
    [[nodiscard]] Result<> stop() override;
    [[nodiscard]] Result<> cont() override;
    [[nodiscard]] Result<> system_reset() override;
    [[nodiscard]] Result<> system_powerdown() override;
    [[nodiscard]] Result<> quit() override;
    [[nodiscard]] Result<> set_action(const qmp::SetActionArguments& arguments) override;

private:
    Machine& machine_;
};

}  // namespace siskin
