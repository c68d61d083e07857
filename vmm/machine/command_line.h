// SPDX-License-Identifier: Apache-2.0
// The command line: one table of options, from which parsing, help and docs come.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// Asked for something to be printed instead of a machine.
struct HelpRequest {
    std::string option;    // "help", "version", "device", "machine", ...
    std::string argument;  // of the option: "virtio-blk-pci,help"
};

using CommandLine = std::variant<MachineConfig, HelpRequest>;

// Options in any order, each with one or two dashes. Errors name the option as it was written, the
// value and what is allowed. Nothing is opened or made.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments);

// One option, for help and docs.
struct OptionDescription {
    std::string_view name;      // without dash
    std::string_view argument;  // what follows it; empty: nothing
    std::string_view help;      // a sentence
};
[[nodiscard]] std::vector<OptionDescription> describe_options();

}  // namespace siskin
