// SPDX-License-Identifier: Apache-2.0
// human-monitor-command.
#include "vmm/hmp/human_handlers.h"

namespace siskin::hmp {

Result<std::string> HumanHandlers::human_monitor_command(
    const qmp::HumanMonitorCommandArguments& arguments) {
    MonitorState state;
    state.format = format_;
    if (arguments.cpu_index) {
        SISKIN_TRY(interpreter_.check_cpu(*arguments.cpu_index));
        state.cpu = static_cast<std::uint32_t>(*arguments.cpu_index);
    }
    std::string answer = interpreter_.run(state, arguments.command_line);
    format_ = state.format;
    return answer;
}

}  // namespace siskin::hmp
