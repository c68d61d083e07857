// SPDX-License-Identifier: Apache-2.0
// Emits events.h and events.cc: one function an event, which hands it in.
#include <string>

#include "base/text.h"
#include "tools/qapi_gen/emit.h"
#include "tools/qapi_gen/names.h"

namespace siskin::qapi {
namespace {

// Numbers, flags and enums by value, the rest by reference.
std::string parameter_type(const Schema& schema, const Member& member) {
    const std::string type = cpp_type(member.type);
    if (member.optional) {
        return concat("const std::optional<", type, ">&");
    }
    const Builtin* const builtin = find_builtin(member.type.name);
    const Entry* const entry = schema.find_type(member.type.name);
    const bool is_small = (builtin != nullptr && !builtin->default_value.empty()) ||
                          (entry != nullptr && entry->kind == EntryKind::Enum);
    return is_small && !member.type.is_list ? type : concat("const ", type, '&');
}

std::string signature(const Schema& schema, const Entry& event) {
    std::string out = concat("void ", snake_case(event.name), "(EventSink& sink");
    for (const Member& member : event.members) {
        out += concat(", ", parameter_type(schema, member), ' ', snake_case(member.name));
    }
    return out + ')';
}

std::string body(const Entry& event, std::size_t row) {
    if (event.members.empty()) {
        return concat("    sink.emit(event_now(kTable[", row, "], {}, {}));\n");
    }
    std::string out = "    JsonWriter data;\n    data.begin_object();\n";
    for (const Member& member : event.members) {
        out += concat("    write_member(data, \"", member.name, "\", ", snake_case(member.name),
                      ");\n");
    }
    const std::string key = event.limit_by.empty() ? "{}" : snake_case(event.limit_by);
    return out + concat("    data.end_object();\n    sink.emit(event_now(kTable[", row,
                        "], data.take(), ", key, "));\n");
}

}  // namespace

std::string emit_events_header(const Schema& schema) {
    std::string out = file_head("The events of QMP, one function each.") +
                      "#pragma once\n\n#include <optional>\n#include <span>\n#include <string>\n\n"
                      "#include \"qmp/event.h\"\n#include \"qmp/generated/types.h\"\n\n"
                      "namespace siskin::qmp {\n\n// Every event of the schema.\n"
                      "[[nodiscard]] std::span<const EventRow> event_table();\n\n"
                      "}  // namespace siskin::qmp\n\n"
                      "// Any thread: raises the event with the time of now.\n"
                      "namespace siskin::qmp::events {\n\n";
    for (const Entry& entry : schema.entries) {
        if (entry.kind == EntryKind::Event) {
            out += concat("// ", entry.doc, '\n', signature(schema, entry), ";\n");
        }
    }
    return out + "\n}  // namespace siskin::qmp::events\n";
}

std::string emit_events(const Schema& schema) {
    std::string rows;
    std::string functions;
    std::size_t count = 0;
    for (const Entry& entry : schema.entries) {
        if (entry.kind != EntryKind::Event) {
            continue;
        }
        rows += concat("    {\"", entry.name, "\", std::chrono::milliseconds{", entry.limit_ms,
                       "}, ", entry.name.starts_with(kOnRequestPrefix) ? "true" : "false", "},\n");
        functions += concat(signature(schema, entry), " {\n", body(entry, count), "}\n\n");
        ++count;
    }
    return file_head("The events of QMP.") +
           concat(
               "#include \"qmp/generated/events.h\"\n\n#include <array>\n#include <chrono>\n\n"
               "namespace siskin::qmp {\nnamespace {\n\nconstexpr std::array<EventRow, ",
               count, "> kTable{{\n", rows,
               "}};\n\n}  // namespace\n\nstd::span<const EventRow> event_table() {\n"
               "    return kTable;\n}\n\nnamespace events {\n\n",
               functions, "}  // namespace events\n}  // namespace siskin::qmp\n");
}

}  // namespace siskin::qapi
