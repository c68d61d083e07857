// SPDX-License-Identifier: Apache-2.0
// What the generated command table consists of: a command, and one decoded call of it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "qmp/later.h"

namespace siskin::qmp {

struct Handlers;  // qmp/generated/commands.h: one reference a command group
struct CommandRow;

// Who may give a command: a client that looks on, or one that runs the machine.
enum class Role { Observe, Operate };

// A command with its arguments decoded and checked, not yet run. Made on the QMP thread, run on
// the VM thread (an out-of-band call runs on the QMP thread).
struct CommandCall {
    const CommandRow* command = nullptr;  // null: no command of the table
    // Runs the handler; the result is the JSON text of `return`.
    std::function<Result<std::string>(const Handlers&)> run;
    // In its stead, of a command that may wait.
    std::function<void(const Handlers&, Later)> run_later{};
};

// One row of the command table.
struct CommandRow {
    std::string_view name;
    // `arguments` is an object, empty when the client sent none. Nothing has any effect yet.
    Result<CommandCall> (*decode)(Value arguments);
    Role role = Role::Operate;
    bool allow_oob = false;
    bool takes_descriptor = false;  // uses one that the client passes along (unix(7), SCM_RIGHTS)
    // About the client's session: run on the QMP thread when its turn has come.
    bool in_session = false;
};

// Every command of the schema. (generated)
[[nodiscard]] std::span<const CommandRow> command_table();

}  // namespace siskin::qmp
