// SPDX-License-Identifier: Apache-2.0
// The reference pages of options, devices and the human monitor, made from the tables that the
// program itself obeys.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace siskin::reference {

// docs/reference/command-line.md: every option, its argument and its keys.
[[nodiscard]] std::string command_line_page();

// docs/reference/devices.md: every device type and its properties.
[[nodiscard]] std::string devices_page();

// docs/reference/hmp.md: every command of the human monitor.
[[nodiscard]] std::string hmp_page();

// tools/completion/siskin and siskin-qmp: completion for bash.
[[nodiscard]] std::string siskin_completion();
[[nodiscard]] std::string siskin_qmp_completion();

// docs/siskin.1 with the list of options between its two marker lines made anew; the rest is as it
// was. Error: a marker is missing.
[[nodiscard]] Result<std::string> manual_with_options(std::string_view manual);

}  // namespace siskin::reference
