// SPDX-License-Identifier: Apache-2.0
// Look-ups in the schema, and the builtin types.
#include "tools/qapi_gen/model.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace siskin::qapi {
namespace {

constexpr std::array<Builtin, 15> kBuiltins{{
    {"str", "std::string", "string", ""},
    {"bool", "bool", "boolean", "false"},
    {"int", "std::int64_t", "int", "0"},
    {"int8", "std::int8_t", "int", "0"},
    {"int16", "std::int16_t", "int", "0"},
    {"int32", "std::int32_t", "int", "0"},
    {"int64", "std::int64_t", "int", "0"},
    {"uint8", "std::uint8_t", "int", "0"},
    {"uint16", "std::uint16_t", "int", "0"},
    {"uint32", "std::uint32_t", "int", "0"},
    {"uint64", "std::uint64_t", "int", "0"},
    {"size", "std::uint64_t", "int", "0"},
    {"number", "double", "number", "0"},
    {"null", "Value::Null", "null", ""},
    {"any", "Value", "value", ""},
}};

}  // namespace

const Builtin* find_builtin(std::string_view name) {
    const auto* const found =
        std::find_if(kBuiltins.begin(), kBuiltins.end(),
                     [&](const Builtin& builtin) { return builtin.name == name; });
    return found == kBuiltins.end() ? nullptr : found;
}

const Entry* Schema::find_type(std::string_view name) const {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.kind != EntryKind::Command && entry.kind != EntryKind::Event &&
               entry.name == name;
    });
    return found == entries.end() ? nullptr : &*found;
}

std::vector<Member> Schema::all_members(const Entry& entry) const {
    std::vector<Member> out;
    if (entry.base) {
        out = all_members(*find_type(*entry.base));
    }
    out.insert(out.end(), entry.members.begin(), entry.members.end());
    return out;
}

std::string_view kind_word(EntryKind kind) {
    switch (kind) {
        case EntryKind::Struct: return "struct";
        case EntryKind::Enum: return "enum";
        case EntryKind::Union: return "union";
        case EntryKind::Alternate: return "alternate";
        case EntryKind::Command: return "command";
        case EntryKind::Event: return "event";
    }
    return "entry";
}

std::string where(const Entry& entry) {
    return concat(entry.file, ": ", kind_word(entry.kind), " '", entry.name, '\'');
}

}  // namespace siskin::qapi
