// SPDX-License-Identifier: Apache-2.0
// What the generated command table consists of: a command, and one decoded call of it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace siskin::qmp {

struct Handlers;  // qmp/generated/commands.h: one reference a command group
struct CommandRow;

// A command with its arguments decoded and checked, not yet run. Made on the QMP thread, run on
// the VM thread (an out-of-band call runs on the QMP thread).
struct CommandCall {
    const CommandRow* command = nullptr;
    // Runs the handler; the result is the JSON text of `return`.
    std::function<Result<std::string>(const Handlers&)> run;
};

// One row of the command table.
struct CommandRow {
    std::string_view name;
    bool allow_oob;
    bool takes_descriptor;  // uses one that the client passes along (unix(7), SCM_RIGHTS)
    // `arguments` is an object, empty when the client sent none. Nothing has any effect yet.
    Result<CommandCall> (*decode)(const Value& arguments);
};

// Every command of the schema. (generated)
[[nodiscard]] std::span<const CommandRow> command_table();

}  // namespace siskin::qmp
