// SPDX-License-Identifier: Apache-2.0
// The QMP command human-monitor-command.
#pragma once

#include <string>

#include "qmp/generated/commands.h"
#include "vmm/hmp/interpreter.h"

namespace siskin::hmp {

// As in QEMU, each call has a monitor of its own, so a chosen CPU lasts for one call; formats of x
// and print stay. Thread: VM loop, without MachineLock.
class HumanHandlers final : public qmp::HumanMonitorCommands {
public:
    explicit HumanHandlers(Services services) : interpreter_(services) {}

    [[nodiscard]] Result<std::string> human_monitor_command(
        const qmp::HumanMonitorCommandArguments& arguments) override;

    [[nodiscard]] Interpreter& interpreter() { return interpreter_; }

private:
    Interpreter interpreter_;
    FormatDefaults format_;
};

}  // namespace siskin::hmp
