// SPDX-License-Identifier: Apache-2.0
// The QMP command about the command line.
#pragma once

#include <vector>

#include "qmp/generated/commands.h"

namespace siskin {

// Answers from the table of options. Thread: VM loop.
class OptionsHandlers final : public qmp::OptionsCommands {
public:
    [[nodiscard]] Result<std::vector<qmp::CommandLineOptionInfo>> query_command_line_options(
        const qmp::QueryCommandLineOptionsArguments& arguments) override;
};

}  // namespace siskin
