// SPDX-License-Identifier: Apache-2.0
// RunState: what the whole machine is doing, and which change may follow which.
#pragma once

#include <string_view>

namespace siskin {

// The states of QMP's query-status that siskin can be in.
enum class RunState {
    Prelaunch,  // as after power-on, not started: by -S, or by a reset while it did not run
    Running,
    Paused,         // by stop
    IoError,        // a disk met an error of the host, and its policy says stop
    Shutdown,       // the guest ended and -no-shutdown keeps it
    InternalError,  // KVM or the processor cannot go on
};

// QMP's name.
[[nodiscard]] std::string_view run_state_name(RunState state);

// Whether the change is one of the table.
[[nodiscard]] bool may_change(RunState from, RunState to);

// From these only a reset leads on.
[[nodiscard]] bool needs_reset(RunState state);

}  // namespace siskin
