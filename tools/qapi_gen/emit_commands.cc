// SPDX-License-Identifier: Apache-2.0
// Emits commands.h (one abstract class a group) and commands.cc (the table).
#include <string>
#include <vector>

#include "base/text.h"
#include "tools/qapi_gen/emit.h"
#include "tools/qapi_gen/lower.h"
#include "tools/qapi_gen/names.h"

namespace siskin::qapi {
namespace {

std::vector<const Entry*> commands(const Schema& schema) {
    std::vector<const Entry*> out;
    for (const Entry& entry : schema.entries) {
        if (entry.kind == EntryKind::Command) {
            out.push_back(&entry);
        }
    }
    return out;
}

std::string result_type(const Entry& command) {
    if (!command.generate_result) {
        return "Result<JsonText>";
    }
    return command.returns ? concat("Result<", cpp_type(*command.returns), '>') : "Result<>";
}

std::string group_definition(const Schema& schema, const std::string& group) {
    std::string methods;
    std::string_view thread = "VM loop";
    for (const Entry* const command : commands(schema)) {
        if (command->group != group) {
            continue;
        }
        if (command->allow_oob) {
            thread = "VM loop, and the QMP thread for exec-oob";
        } else if (command->in_session) {
            thread = "QMP";
        }
        std::string parameters =
            command->boxed_data ? concat("const ", *command->boxed_data, "& arguments") : "";
        if (command->may_wait) {
            parameters += parameters.empty() ? "Later later" : ", Later later";
        }
        methods +=
            concat("    // ", command->doc, "\n    ",
                   command->may_wait ? "virtual void"
                                     : concat("[[nodiscard]] virtual ", result_type(*command)),
                   ' ', snake_case(command->name), '(', parameters, ") = 0;\n");
    }
    return concat("// Thread: ", thread, ".\nclass ", group_class(group),
                  " {\npublic:\n    virtual ~", group_class(group), "() = default;\n\n", methods,
                  "};\n\n");
}

std::string row_function(const Entry& command, std::size_t row) {
    const std::string name = snake_case(command.name);
    const std::string handler = concat("handlers.", snake_case(command.group), '.', name, '(',
                                       command.boxed_data ? "arguments" : "");
    std::string out = concat("Result<CommandCall> call_", name, "(Value given) {\n");
    if (command.boxed_data) {
        out += concat("    auto arguments = SISKIN_TRY(decode_", name, "(std::move(given)));\n");
    } else {
        out += "    SISKIN_TRY(no_arguments(given));\n";
    }
    const std::string capture = command.boxed_data ? "[arguments = std::move(arguments)]" : "[]";
    out += concat("    return CommandCall{&kTable[", row, "], ");
    if (command.may_wait) {
        return out + concat("{}, ", capture, "(const Handlers& handlers, Later later) {\n        ",
                            handler, command.boxed_data ? ", " : "",
                            "std::move(later));\n    }};\n}\n\n");
    }
    return out + concat(capture, "(const Handlers& handlers) {\n        return encode(", handler,
                        "));\n    }};\n}\n\n");
}

std::string table_row(const Entry& command) {
    return concat("    {.name = \"", command.name, "\", .decode = call_", snake_case(command.name),
                  command.observes ? ", .role = Role::Observe" : "",
                  command.allow_oob ? ", .allow_oob = true" : "",
                  command.takes_descriptor ? ", .takes_descriptor = true" : "",
                  command.in_session ? ", .in_session = true" : "", "},\n");
}

constexpr std::string_view kHelpers = R"(
Result<> no_arguments(Value given) {
    const Path whole;
    const auto object = SISKIN_TRY(ObjectDecoder::open(given, whole));
    return object.finish();
}

Result<std::string> encode(Result<> result) {
    SISKIN_TRY(std::move(result));
    return std::string("{}");
}

template <typename T>
Result<std::string> encode(Result<T> result) {
    const T value = SISKIN_TRY(std::move(result));
    JsonWriter out;
    write_json(out, value);
    return out.take();
}

)";

}  // namespace

std::string emit_commands_header(const Schema& schema) {
    std::string out = file_head("The commands of QMP as interfaces, one class a group.") +
                      "#pragma once\n\n#include <string_view>\n#include <vector>\n\n"
                      "#include \"base/result.h\"\n#include \"base/value.h\"\n"
                      "#include \"qmp/command.h\"\n#include \"qmp/generated/types.h\"\n\n"
                      "namespace siskin::qmp {\n\n";
    std::string members;
    for (const std::string& group : groups(schema)) {
        out += group_definition(schema, group);
        members += concat("    ", group_class(group), "& ", snake_case(group), ";\n");
    }
    out += "// Who answers which group. A group without an object does not compile.\n";
    out += concat("struct Handlers {\n", members, "};\n\n");
    out += "// Each command's arguments; `given` is an object, empty when the client sent none.\n";
    for (const Entry* const command : commands(schema)) {
        if (command->boxed_data) {
            out += concat("[[nodiscard]] Result<", *command->boxed_data, "> decode_",
                          snake_case(command->name), "(Value given);\n");
        }
    }
    return out +
           "\n// The answer to query-qmp-schema.\n[[nodiscard]] std::string_view "
           "schema_text();\n\n}  // namespace siskin::qmp\n";
}

std::string emit_commands(const Schema& schema) {
    const auto all = commands(schema);
    std::string declarations;
    std::string rows;
    std::string functions;
    std::string decoders;
    for (std::size_t row = 0; row < all.size(); ++row) {
        const Entry& command = *all[row];
        const std::string name = snake_case(command.name);
        declarations += concat("Result<CommandCall> call_", name, "(Value given);\n");
        rows += table_row(command);
        functions += row_function(command, row);
        if (command.boxed_data) {
            decoders += concat(
                "Result<", *command.boxed_data, "> decode_", name, "(Value given) {\n    ",
                *command.boxed_data,
                " out;\n    SISKIN_TRY(decode(given, Path(), out));\n    return out;\n}\n\n");
        }
    }
    return file_head("The command table.") +
           concat(
               "#include \"qmp/generated/commands.h\"\n\n#include <array>\n#include <string>\n"
               "#include <utility>\n\nnamespace siskin::qmp {\nnamespace {\n\n",
               declarations, "\nconstexpr std::array<CommandRow, ", all.size(), "> kTable{{\n",
               rows, "}};\n", kHelpers, functions, "}  // namespace\n\n", decoders,
               "std::span<const CommandRow> command_table() {\n    return kTable;\n}\n\n"
               "}  // namespace siskin::qmp\n");
}

}  // namespace siskin::qapi
