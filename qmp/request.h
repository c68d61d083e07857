// SPDX-License-Identifier: Apache-2.0
// One command object of a client: checked, decoded, numbered.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/value.h"
#include "qmp/command.h"

namespace siskin::qmp {

// The members of a command object after the checks of its form (QMP spec §2.3).
struct CommandObject {
    std::string command;
    bool out_of_band = false;
    Value arguments{Value::Dict()};
};

// What a session makes of one message. A bad one is a request too, so that replies keep their
// order.
struct Request {
    std::optional<Value> id;  // echoed in the reply; null is an id, absent is not
    Result<CommandCall> call;
    Fd descriptor{};          // that the client passed along for a command that takes one, or none
    std::string_view name{};  // the command's in the table; empty where it has none
};

// The id, if the message is an object that has one.
[[nodiscard]] std::optional<Value> request_id(const Value& message);

// Errors: the texts of QEMU. `oob` says whether the session has switched out-of-band commands on.
[[nodiscard]] Result<CommandObject> check_command_object(Value message, bool oob);

// The command's row, or null.
[[nodiscard]] const CommandRow* find_command(std::span<const CommandRow> table,
                                             std::string_view name);

// Finds the command and decodes its arguments. Nothing has any effect yet. Error: the command asks
// for more than `role`.
[[nodiscard]] Result<CommandCall> decode_call(CommandObject object,
                                              std::span<const CommandRow> table,
                                              Role role = Role::Operate);

}  // namespace siskin::qmp
