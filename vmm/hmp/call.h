// SPDX-License-Identifier: Apache-2.0
// Call: what a command of the human monitor works with.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "qmp/generated/commands.h"
#include "vmm/hmp/arguments.h"
#include "vmm/hmp/backend.h"

namespace siskin::hmp {

// Everything is done by the handlers of QMP; the backend shows what these do not.
struct Services {
    qmp::IntrospectionCommands& introspection;
    qmp::RunControlCommands& run_control;
    qmp::MachineCommands& machine;
    qmp::BlockCommands& block;
    qmp::BlockDeviceCommands& block_device;
    qmp::RemovableMediaCommands& media;
    qmp::PciCommands& pci;
    qmp::ChardevCommands& chardev;
    qmp::StatsCommands& stats;
    qmp::ObjectCommands& objects;
    qmp::FdCommands& descriptors;
    Backend& backend;
};

// What one monitor remembers from line to line.
struct MonitorState {
    std::uint32_t cpu = 0;  // the default one
    FormatDefaults format;
};

// One command that runs. `out` takes its lines, each ended by LF.
struct Call {
    const Services& services;
    MonitorState& state;
    Arguments& arguments;
    std::string& out;
};

// A row of a command table; help, completion and docs/reference/hmp.md read it. The function's
// error is one of syntax: the user is then pointed to help. What fails later it prints itself.
struct CommandRow {
    std::string_view name;
    std::string_view alias;   // or empty
    std::string_view syntax;  // of the arguments, as help shows it
    std::string_view help;    // one line
    Result<> (*run)(Call& call);
};

// "Error: <message>"
void print_error(Call& call, const Error& error);

// Reads the registers of the monitor's CPU when the first one is asked for.
[[nodiscard]] RegisterLookup register_lookup(Call& call);

}  // namespace siskin::hmp
