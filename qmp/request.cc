// SPDX-License-Identifier: Apache-2.0
// Checks of a command object.
#include "qmp/request.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace siskin::qmp {
namespace {

tl::unexpected<Error> bad_member(std::string_view name, std::string_view what) {
    return fail(concat("QMP input member '", name, "' ", what));
}

// "execute" or "exec-oob": the command's name. Both at once clash; the second one is told.
Result<> take_command(std::string_view member, const Value& value, std::string_view& seen,
                      CommandObject& out) {
    if (value.as_string() == nullptr) {
        return bad_member(member, "must be a string");
    }
    if (!seen.empty()) {
        return bad_member(member, concat("clashes with '", seen, '\''));
    }
    seen = member;
    out.command = *value.as_string();
    out.out_of_band = member == "exec-oob";
    return {};
}

}  // namespace

std::optional<Value> request_id(const Value& message) {
    const auto* const dict = message.as_dict();
    const Value* const id = dict == nullptr ? nullptr : dict->find("id");
    return id == nullptr ? std::nullopt : std::optional(*id);
}

Result<CommandObject> check_command_object(Value message, bool oob) {
    auto* const dict = message.as_dict();
    if (dict == nullptr) {
        return fail("QMP input must be a JSON object");
    }
    CommandObject out;
    std::string_view seen;
    for (const auto& [name, value] : std::as_const(*dict)) {
        if (name == "execute" || (name == "exec-oob" && oob)) {
            SISKIN_TRY(take_command(name, value, seen, out));
        } else if (name == "arguments") {
            if (value.as_dict() == nullptr) {
                return bad_member(name, "must be an object");
            }
            out.arguments = std::move(*dict->find(name));  // each name is there once
        } else if (name != "id") {
            return bad_member(name, "is unexpected");
        }
    }
    if (seen.empty()) {
        return fail("QMP input lacks member 'execute'");
    }
    return out;
}

const CommandRow* find_command(std::span<const CommandRow> table, std::string_view name) {
    const auto row = std::find_if(table.begin(), table.end(), [&](const CommandRow& candidate) {
        return candidate.name == name;
    });
    return row == table.end() ? nullptr : &*row;
}

Result<CommandCall> decode_call(CommandObject object, std::span<const CommandRow> table,
                                Role role) {
    const CommandRow* const row = find_command(table, object.command);
    if (row == nullptr) {
        return fail(ErrorClass::CommandNotFound,
                    concat("The command ", object.command, " has not been found"));
    }
    if (object.out_of_band && !row->allow_oob) {
        return fail(concat("The command ", object.command, " does not support OOB"));
    }
    if (row->role == Role::Operate && role == Role::Observe) {
        return fail(concat("The command ", object.command,
                           " is not allowed here: this monitor's role is observe"));
    }
    return row->decode(std::move(object.arguments));
}

}  // namespace siskin::qmp
