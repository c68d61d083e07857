// SPDX-License-Identifier: Apache-2.0
// The QMP commands of the group run-control.
#include "vmm/machine/commands_run_control.h"

namespace siskin {
namespace {

qmp::RunState to_qmp(RunState state) {
    switch (state) {
        case RunState::Prelaunch: return qmp::RunState::Prelaunch;
        case RunState::Running: return qmp::RunState::Running;
        case RunState::Paused: return qmp::RunState::Paused;
        case RunState::IoError: return qmp::RunState::IoError;
        case RunState::Shutdown: return qmp::RunState::Shutdown;
        case RunState::InternalError: return qmp::RunState::InternalError;
    }
    return qmp::RunState::InternalError;
}

}  // namespace

Result<qmp::StatusInfo> RunControlHandlers::query_status() {
    qmp::StatusInfo status;
    status.status = to_qmp(machine_.run_state());
    status.running = machine_.run_state() == RunState::Running;
    return status;
}

Result<> RunControlHandlers::stop() {
    machine_.stop();
    return {};
}

Result<> RunControlHandlers::cont() {
    return machine_.cont();
}

Result<> RunControlHandlers::system_reset() {
    machine_.reset(ShutdownCause::HostQmpSystemReset);
    return {};
}

Result<> RunControlHandlers::system_powerdown() {
    machine_.press_power_button();
    return {};
}

Result<> RunControlHandlers::quit() {
    machine_.shut_down(ShutdownCause::HostQmpQuit);
    return {};
}

Result<> RunControlHandlers::set_action(const qmp::SetActionArguments& arguments) {
    if (arguments.reboot) {
        machine_.set_no_reboot(*arguments.reboot == qmp::RebootAction::Shutdown);
    }
    if (arguments.shutdown) {
        machine_.set_no_shutdown(*arguments.shutdown == qmp::ShutdownAction::Pause);
    }
    return {};
}

}  // namespace siskin
