// SPDX-License-Identifier: Apache-2.0
// Emits decoders.cc (Value to type) and encoders.cc (type to JSON text, and the enums' names).
#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "tools/qapi_gen/emit.h"
#include "tools/qapi_gen/lower.h"
#include "tools/qapi_gen/names.h"

namespace siskin::qapi {
namespace {

std::string branch_field(const Branch& branch) {
    return "as_" + snake_case(branch.name + "_").substr(0, branch.name.size());
}

bool has_members(const Entry& entry) {
    return entry.kind == EntryKind::Struct || entry.kind == EntryKind::Union;
}

std::string tag_type(const Schema& schema, const Entry& entry) {
    const auto members = schema.all_members(entry);
    return std::find_if(members.begin(), members.end(),
                        [&](const Member& member) { return member.name == entry.discriminator; })
        ->type.name;
}

std::string members_decoder(const Schema& schema, const Entry& entry) {
    const auto members = schema.all_members(entry);
    const bool is_empty = members.empty();
    std::string out = concat("Result<> decode_members(ObjectDecoder&", is_empty ? "" : " object",
                             ", ", entry.name, '&', is_empty ? "" : " out", ") {\n");
    if (entry.keep_members) {
        out += "    out.given = object.members();\n";  // before their values are taken
    }
    for (const Member& member : members) {
        out += concat("    SISKIN_TRY(object.", member.optional ? "optional" : "required", "(\"",
                      member.name, "\", out.", snake_case(member.name), "));\n");
    }
    if (entry.further_members) {
        out += "    object.rest(out.further);\n";
    }
    if (!entry.branches.empty()) {
        out += concat("    switch (out.", snake_case(entry.discriminator), ") {\n");
        for (const Branch& branch : entry.branches) {
            out += concat("        case ", tag_type(schema, entry), "::", pascal_case(branch.name),
                          ": return decode_members(object, out.", branch_field(branch),
                          ".emplace());\n");
        }
        out += "        default: break;\n    }\n";
    }
    return out + "    return {};\n}\n";
}

// The test that tells a JSON kind from the others.
std::string kind_test(const Schema& schema, const TypeRef& type) {
    const Builtin* const builtin = find_builtin(type.name);
    if (type.is_list) {
        return "value.as_list() != nullptr";
    }
    if (builtin == nullptr) {
        return schema.find_type(type.name)->kind == EntryKind::Enum ? "value.as_string() != nullptr"
                                                                    : "value.as_dict() != nullptr";
    }
    if (builtin->json_type == "string") {
        return "value.as_string() != nullptr";
    }
    if (builtin->json_type == "boolean") {
        return "value.as_bool() != nullptr";
    }
    return builtin->json_type == "null" ? "value.is_null()" : "value.kind_name() == \"number\"";
}

std::string decoder(const Schema& schema, const Entry& entry) {
    std::string out =
        concat("Result<> decode(Value& value, const Path& path, ", entry.name, "& out) {\n");
    if (entry.kind == EntryKind::Enum) {
        return out + concat("    out = static_cast<", entry.name,
                            ">(SISKIN_TRY(decode_name(value, path, k", entry.name, "Names",
                            entry.refused.empty() ? "" : concat(", k", entry.name, "Refused"),
                            ")));\n    return {};\n}\n");
    }
    if (entry.kind == EntryKind::Alternate) {
        for (const Branch& branch : entry.branches) {
            out += concat("    if (", kind_test(schema, branch.type),
                          ") {\n        return decode(value, path, out.", branch_field(branch),
                          ".emplace());\n    }\n");
        }
        return out + concat("    return fail(wrong_type(path, \"", entry.name, "\"));\n}\n");
    }
    return out +
           "    auto object = SISKIN_TRY(ObjectDecoder::open(value, path));\n"
           "    SISKIN_TRY(decode_members(object, out));\n    return object.finish();\n}\n";
}

std::string members_encoder(const Schema& schema, const Entry& entry) {
    const auto members = schema.all_members(entry);
    const bool is_empty = members.empty();
    std::string out = concat("void write_members(JsonWriter&", is_empty ? "" : " out", ", const ",
                             entry.name, '&', is_empty ? "" : " value", ") {\n");
    for (const Member& member : members) {
        out += concat("    write_member(out, \"", member.name, "\", value.",
                      snake_case(member.name), ");\n");
    }
    for (const Branch& branch : entry.branches) {
        out +=
            concat("    if (value.", branch_field(branch),
                   ") {\n        write_members(out, *value.", branch_field(branch), ");\n    }\n");
    }
    return out + "}\n";
}

std::string encoder(const Entry& entry) {
    std::string out = concat("void write_json(JsonWriter& out, const ", entry.name, "& value) {\n");
    if (entry.kind == EntryKind::Enum) {
        return out + "    out.string(to_text(value));\n}\n";
    }
    if (entry.kind == EntryKind::Alternate) {
        for (const Branch& branch : entry.branches) {
            out +=
                concat("    if (value.", branch_field(branch),
                       ") {\n        write_json(out, *value.", branch_field(branch), ");\n    }\n");
        }
        return out + "}\n";
    }
    return out +
           "    out.begin_object();\n    write_members(out, value);\n"
           "    out.end_object();\n}\n";
}

std::string names_table(const Entry& entry) {
    std::string out = concat("constexpr std::array<std::string_view, ", entry.values.size(), "> k",
                             entry.name, "Names{\n");
    for (const EnumValue& value : entry.values) {
        out += concat("    \"", value.name, "\",\n");
    }
    return out + "};\n";
}

std::string refused_table(const Entry& entry) {
    if (entry.refused.empty()) {
        return "";
    }
    std::string out = concat("constexpr std::array<RefusedName, ", entry.refused.size(), "> k",
                             entry.name, "Refused{{\n");
    for (const EnumValue& value : entry.refused) {
        out += concat("    {\"", value.name, "\", \"", value.doc, "\"},\n");
    }
    return out + "}};\n";
}

std::string source_head(std::string_view what) {
    return file_head(what) +
           "#include <array>\n#include <string_view>\n\n#include \"qmp/generated/types.h\"\n\n"
           "namespace siskin::qmp {\nnamespace {\n\n";
}

using EntryText = std::string (*)(const Schema&, const Entry&);

// Declarations of the members' helpers, so that types may hold each other, then their bodies.
std::string helpers(const Schema& schema, const std::vector<const Entry*>& types,
                    EntryText emit_one) {
    std::string declarations;
    std::string bodies;
    for (const Entry* const entry : types) {
        if (has_members(*entry)) {
            const std::string text = emit_one(schema, *entry);
            declarations += text.substr(0, text.find(" {\n")) + ";\n";
            bodies += '\n' + text;
        }
    }
    return declarations + bodies;
}

std::vector<const Entry*> only(const std::vector<const Entry*>& types,
                               const std::set<std::string>& names) {
    std::vector<const Entry*> out;
    std::copy_if(types.begin(), types.end(), std::back_inserter(out),
                 [&](const Entry* entry) { return names.count(entry->name) != 0; });
    return out;
}

}  // namespace

std::string emit_decoders(const Schema& schema) {
    const auto types = only(in_definition_order(schema), decoded_types(schema));
    std::string out = source_head("Decoders of what commands take.");
    for (const Entry* const entry : types) {
        if (entry->kind == EntryKind::Enum) {
            out += names_table(*entry) + refused_table(*entry);
        }
    }
    out += helpers(schema, types, members_decoder) + "\n}  // namespace\n";
    for (const Entry* const entry : types) {
        out += '\n' + decoder(schema, *entry);
    }
    return out + "\n}  // namespace siskin::qmp\n";
}

std::string emit_encoders(const Schema& schema) {
    const auto all = in_definition_order(schema);
    const auto types = only(all, encoded_types(schema));
    std::string out = source_head("Encoders of what commands and events hand out.");
    for (const Entry* const entry : all) {
        if (entry->kind == EntryKind::Enum) {
            out += names_table(*entry);
        }
    }
    out += helpers(schema, types, members_encoder) + "\n}  // namespace\n\n";
    for (const Entry* const entry : all) {
        if (entry->kind == EntryKind::Enum) {
            out += concat("std::string_view to_text(", entry->name, " value) {\n    return k",
                          entry->name, "Names[static_cast<std::size_t>(value)];\n}\n");
        }
    }
    for (const Entry* const entry : types) {
        out += '\n' + encoder(*entry);
    }
    return out + "\n}  // namespace siskin::qmp\n";
}

}  // namespace siskin::qapi
