// SPDX-License-Identifier: Apache-2.0
// The run states and their transitions.
#include "vmm/vcpu/run_state.h"

#include <algorithm>
#include <array>

namespace siskin {
namespace {

struct Row {
    RunState from;
    RunState to;
};

using enum RunState;

constexpr std::array kTransitions{
    Row{Prelaunch, Running},        //
    Row{Running, Paused},           //
    Row{Paused, Running},           //
    Row{Running, IoError},          //
    Row{IoError, Running},          //
    Row{IoError, Shutdown},         // the end was asked for before the stop
    Row{IoError, Prelaunch},        // by a reset
    Row{IoError, InternalError},    // by one that failed
    Row{Running, Shutdown},         //
    Row{Running, InternalError},    //
    Row{Prelaunch, Shutdown},       // the end was asked for before the stop
    Row{Paused, Shutdown},          //
    Row{Paused, Prelaunch},         // by a reset, which takes every other state there
    Row{Shutdown, Prelaunch},       //
    Row{InternalError, Prelaunch},  //
    Row{Prelaunch, InternalError},  // a reset that failed, from every state
    Row{Paused, InternalError},     //
    Row{Shutdown, InternalError},   //
};

}  // namespace

std::string_view run_state_name(RunState state) {
    switch (state) {
        case Prelaunch: return "prelaunch";
        case Running: return "running";
        case Paused: return "paused";
        case IoError: return "io-error";
        case Shutdown: return "shutdown";
        case InternalError: return "internal-error";
    }
    return "internal-error";
}

bool may_change(RunState from, RunState to) {
    return std::any_of(kTransitions.begin(), kTransitions.end(),
                       [&](const Row& row) { return row.from == from && row.to == to; });
}

bool needs_reset(RunState state) {
    return state == Shutdown || state == InternalError;
}

}  // namespace siskin
