// SPDX-License-Identifier: Apache-2.0
// What is printed instead of running a machine: -help, -version, -device help and their like.
#pragma once

#include <string>

#include "base/result.h"
#include "vmm/machine/command_line.h"

namespace siskin {

// The text for stdout; the process then ends with 0. All of it comes from the tables of options,
// devices, back ends and CPU features. Error: help for something that does not exist.
[[nodiscard]] Result<std::string> help_text(const HelpRequest& request);

// The same for -device alone: its argument, "help" or "TYPE,help".
[[nodiscard]] Result<std::string> device_help(const std::string& argument);

// Of -object: its argument, "help" or "TYPE,help"; and of -chardev, all kinds.
[[nodiscard]] Result<std::string> object_help(const std::string& argument);
[[nodiscard]] std::string chardev_help();

// "siskin-0.1.0": in the greeting and -version.
[[nodiscard]] std::string package_name();

}  // namespace siskin
