// SPDX-License-Identifier: Apache-2.0
// The schema in memory: what the loader makes and every emitter reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace siskin::qapi {

// A type as a member names it: "str" or ["str"].
struct TypeRef {
    std::string name;
    bool is_list = false;
};

// A named property of an entry or a member, that clients look for.
struct Feature {
    std::string name;
    std::string doc;
};

struct Member {
    std::string name;  // without the star
    bool optional = false;
    TypeRef type;
    std::string doc;
    std::vector<Feature> features;
};

struct EnumValue {
    std::string name;
    std::string doc;
    std::vector<Feature> features;
};

// A union's case, or one type of an alternate.
struct Branch {
    std::string name;
    TypeRef type;
    std::string doc;
};

enum class EntryKind { Struct, Enum, Union, Alternate, Command, Event };

// Events whose names begin so go to clients that asked for them, and to no others.
inline constexpr std::string_view kOnRequestPrefix = "X_SISKIN_";

struct Entry {
    EntryKind kind = EntryKind::Struct;
    std::string name;
    std::string file;  // for messages: the schema file's name
    std::string doc;
    std::size_t chapter = 0;
    std::vector<Feature> features;
    std::vector<Member> members;      // struct, command and event: data; union: base
    std::optional<std::string> base;  // struct and union: a struct whose members come first
    std::vector<EnumValue> values;
    // Enum, "refused": what clients of other servers try, and how the refusal goes on.
    std::vector<EnumValue> refused;
    std::string discriminator;
    std::vector<Branch> branches;
    // Commands.
    std::string group;
    std::optional<std::string> boxed_data;  // a struct or union that holds the arguments
    std::optional<TypeRef> returns;
    std::string returns_doc;
    bool allow_oob = false;
    bool takes_descriptor = false;  // "takes-fd": uses one that the client passes along
    bool observes = false;          // "role": "observe": changes nothing
    bool in_session = false;        // "in-session": about the client's session, not the machine
    bool generate_result = true;    // "gen": false: the handler makes the JSON text itself
    bool may_wait = false;          // "may-wait": the handler may answer later
    // "further-members", of structs, too: besides those named, any others, which the handler
    // judges.
    bool further_members = false;
    // "keep-members", of unions: all members are also kept as they came, for a handler that hands
    // them on to a table of its own.
    bool keep_members = false;
    // Events.
    std::int64_t limit_ms = 0;  // 0: no limit
    std::string limit_by;       // the member whose values are limited apart, or empty
};

// One schema file.
struct Chapter {
    std::string title;
    std::string doc;
    std::string file;
};

struct Schema {
    std::vector<Chapter> chapters;
    std::vector<Entry> entries;

    // The type of that name, or null: a builtin, or none.
    [[nodiscard]] const Entry* find_type(std::string_view name) const;
    // The members an object has for certain: those of its base, then its own.
    [[nodiscard]] std::vector<Member> all_members(const Entry& entry) const;
};

// A type of the protocol itself.
struct Builtin {
    std::string_view name;
    std::string_view cpp_type;
    std::string_view json_type;      // as query-qmp-schema says it
    std::string_view default_value;  // of a member, or empty
};
[[nodiscard]] const Builtin* find_builtin(std::string_view name);

// "run_state.json: event 'SHUTDOWN'"
[[nodiscard]] std::string where(const Entry& entry);
[[nodiscard]] std::string_view kind_word(EntryKind kind);

}  // namespace siskin::qapi
