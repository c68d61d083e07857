// SPDX-License-Identifier: Apache-2.0
// The commands of the human monitor: the one table that running, help and completion read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/hmp/call.h"

namespace siskin::hmp {

// By name, as help lists them.
[[nodiscard]] std::span<const CommandRow> command_table();
// What `info` shows.
[[nodiscard]] std::span<const CommandRow> info_table();

// By name or alias; null when there is none.
[[nodiscard]] const CommandRow* find_row(std::span<const CommandRow> table, std::string_view word);

// Whether the line's command takes a descriptor that a client passes along. Any thread.
[[nodiscard]] bool takes_descriptor(std::string_view line);

// "stop|s"
[[nodiscard]] std::string full_name(const CommandRow& row);
// "stop|s  -- pause the virtual CPUs", with `prefix` before it.
[[nodiscard]] std::string help_line(std::string_view prefix, const CommandRow& row);
[[nodiscard]] std::string help_lines(std::string_view prefix, std::span<const CommandRow> table);

// Words that may stand where the last one of `text` begins, sorted; for completion. Any thread.
[[nodiscard]] std::vector<std::string> completions(std::string_view text);

}  // namespace siskin::hmp
