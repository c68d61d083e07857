// SPDX-License-Identifier: Apache-2.0
// The rules of a schema.
#include "tools/qapi_gen/checker.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "tools/qapi_gen/names.h"

namespace siskin::qapi {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool consists_of(std::string_view name, const std::string& allowed) {
    return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_member_name(std::string_view name) {
    return consists_of(name, concat(kLower, kUpper, kDigits, "-_")) &&
           kDigits.find(name.front()) == std::string_view::npos;
}

Result<> check_name(const Entry& entry) {
    const std::string_view first = std::string_view(entry.name).substr(0, 1);
    if (entry.kind == EntryKind::Command) {
        if (!consists_of(entry.name, concat(kLower, kDigits, "-_"))) {
            return fail(where(entry) + ": a command's name has a-z, 0-9, '-' and '_' only");
        }
    } else if (entry.kind == EntryKind::Event) {
        if (!consists_of(entry.name, concat(kUpper, kDigits, "_"))) {
            return fail(where(entry) + ": an event's name has A-Z, 0-9 and '_' only");
        }
    } else if (!consists_of(entry.name, concat(kLower, kUpper, kDigits)) ||
               kUpper.find(first) == std::string_view::npos) {
        return fail(where(entry) + ": a type's name begins with A-Z and has letters and digits");
    }
    return {};
}

Result<> check_type(const Schema& schema, const TypeRef& type, const std::string& context) {
    if (find_builtin(type.name) == nullptr && schema.find_type(type.name) == nullptr) {
        return fail(concat(context, ": type '", type.name, "' is not defined"));
    }
    return {};
}

bool is_object(const Schema& schema, std::string_view name) {
    const Entry* const type = schema.find_type(name);
    return type != nullptr && (type->kind == EntryKind::Struct || type->kind == EntryKind::Union);
}

Result<> check_members(const Schema& schema, const Entry& entry) {
    std::set<std::string> names;
    for (const Member& member : schema.all_members(entry)) {
        const std::string context = concat(where(entry), ": member '", member.name, '\'');
        if (!is_member_name(member.name)) {
            return fail(context +
                        ": the name begins with a letter and has letters, digits, '-' "
                        "and '_' only");
        }
        if (!names.insert(snake_case(member.name)).second) {
            return fail(context + " is there twice");
        }
        SISKIN_TRY(check_type(schema, member.type, context));
    }
    return {};
}

// The bases of structs and unions exist, are structs and do not go in a circle.
Result<> check_base(const Schema& schema, const Entry& entry) {
    std::set<std::string> seen{entry.name};
    for (const Entry* at = &entry; at->base; at = schema.find_type(*at->base)) {
        const Entry* const base = schema.find_type(*at->base);
        if (base == nullptr || base->kind != EntryKind::Struct) {
            return fail(concat(where(entry), ": base '", *at->base, "' is not a struct"));
        }
        if (!seen.insert(base->name).second) {
            return fail(concat(where(entry), ": base '", base->name, "' goes in a circle"));
        }
    }
    return {};
}

Result<> check_enum(const Entry& entry) {
    std::set<std::string> names;
    if (entry.values.empty()) {
        return fail(where(entry) + ": has no values");
    }
    for (const EnumValue& value : entry.values) {
        if (!consists_of(value.name, concat(kLower, kUpper, kDigits, "-_."))) {
            return fail(concat(where(entry), ": value '", value.name, "' is no name"));
        }
        if (!names.insert(pascal_case(value.name)).second) {
            return fail(concat(where(entry), ": value '", value.name, "' is there twice"));
        }
    }
    for (const EnumValue& value : entry.refused) {
        if (!names.insert(pascal_case(value.name)).second) {
            return fail(concat(where(entry), ": value '", value.name, "' is there twice"));
        }
    }
    return {};
}

Result<> check_union(const Schema& schema, const Entry& entry) {
    const std::vector<Member> members = schema.all_members(entry);
    const auto tag = std::find_if(members.begin(), members.end(), [&](const Member& member) {
        return member.name == entry.discriminator;
    });
    const Entry* const values = tag == members.end() ? nullptr : schema.find_type(tag->type.name);
    if (values == nullptr || values->kind != EntryKind::Enum || tag->optional ||
        tag->type.is_list) {
        return fail(concat(where(entry), ": discriminator '", entry.discriminator,
                           "' is not a member of the base that is an enum and always there"));
    }
    for (const Branch& branch : entry.branches) {
        const std::string context = concat(where(entry), ": branch '", branch.name, '\'');
        if (std::none_of(values->values.begin(), values->values.end(),
                         [&](const EnumValue& value) { return value.name == branch.name; })) {
            return fail(concat(context, " is no value of ", values->name));
        }
        if (branch.type.is_list || !is_object(schema, branch.type.name)) {
            return fail(concat(context, ": type '", branch.type.name, "' is no object"));
        }
        for (const Member& member : schema.all_members(*schema.find_type(branch.type.name))) {
            if (std::any_of(members.begin(), members.end(),
                            [&](const Member& other) { return other.name == member.name; })) {
                return fail(concat(context, ": member '", member.name, "' is in the base too"));
            }
        }
    }
    return {};
}

// The JSON kind that tells a branch of an alternate from the others.
std::string alternate_kind(const Schema& schema, const TypeRef& type) {
    if (type.is_list) {
        return "array";
    }
    if (const Builtin* const builtin = find_builtin(type.name)) {
        return std::string(builtin->json_type == "int" ? "number" : builtin->json_type);
    }
    const Entry* const entry = schema.find_type(type.name);
    switch (entry->kind) {
        case EntryKind::Enum: return "string";
        case EntryKind::Alternate: return "value";
        default: return "object";
    }
}

Result<> check_alternate(const Schema& schema, const Entry& entry) {
    std::map<std::string, std::string> branch_of_kind;
    if (entry.branches.size() < 2) {
        return fail(where(entry) + ": has fewer than two branches");
    }
    for (const Branch& branch : entry.branches) {
        const std::string context = concat(where(entry), ": branch '", branch.name, '\'');
        SISKIN_TRY(check_type(schema, branch.type, context));
        const std::string kind = alternate_kind(schema, branch.type);
        const auto [other, is_new] = branch_of_kind.emplace(kind, branch.name);
        if (kind == "value") {
            return fail(concat(context, ": type '", branch.type.name, "' may be of any kind"));
        }
        if (!is_new) {
            return fail(concat(context, " cannot be told from '", other->second, '\''));
        }
    }
    return {};
}

Result<> check_command(const Schema& schema, const Entry& entry) {
    if (entry.boxed_data && !is_object(schema, *entry.boxed_data)) {
        return fail(concat(where(entry), ": data '", *entry.boxed_data, "' is no object"));
    }
    if (entry.returns) {
        SISKIN_TRY(check_type(schema, *entry.returns, where(entry) + ": 'returns'"));
    }
    if (!entry.generate_result && !entry.returns) {
        return fail(where(entry) + ": 'gen' is false, but nothing is returned");
    }
    if (!consists_of(entry.group, concat(kLower, kDigits, "-"))) {
        return fail(concat(where(entry), ": group '", entry.group, "' has a-z, 0-9 and '-' only"));
    }
    // A group is one class, and a class lives on one thread or is safe on both.
    for (const Entry& other : schema.entries) {
        if (other.kind == EntryKind::Command && other.group == entry.group &&
            other.allow_oob != entry.allow_oob) {
            return fail(concat(where(entry), ": group '", entry.group,
                               "' has commands with and without allow-oob"));
        }
        if (other.kind == EntryKind::Command && other.group == entry.group &&
            other.in_session != entry.in_session) {
            return fail(concat(where(entry), ": group '", entry.group,
                               "' has commands with and without in-session"));
        }
    }
    if (entry.in_session && (entry.allow_oob || entry.takes_descriptor)) {
        return fail(where(entry) + ": 'in-session' goes with neither allow-oob nor takes-fd");
    }
    if (entry.may_wait &&
        (entry.allow_oob || entry.takes_descriptor || entry.in_session || entry.returns)) {
        return fail(where(entry) +
                    ": 'may-wait' goes with none of allow-oob, takes-fd, in-session, returns");
    }
    return {};
}

Result<> check_event(const Entry& entry) {
    if (entry.limit_by.empty()) {
        return {};
    }
    for (const Member& member : entry.members) {
        if (member.name == entry.limit_by && member.type.name == "str" && !member.type.is_list) {
            return {};
        }
    }
    return fail(concat(where(entry), ": 'by' is '", entry.limit_by, "', which is no str member"));
}

// Without a list or an option on the way, a type that contains itself has no end.
Result<> check_containment(const Schema& schema, const Entry& entry, const Entry& at,
                           std::set<std::string>& seen) {
    for (const Member& member : schema.all_members(at)) {
        const Entry* const type = schema.find_type(member.type.name);
        if (type == nullptr || member.optional || member.type.is_list) {
            continue;
        }
        if (type == &entry) {
            return fail(concat(where(entry), ": contains itself by '", member.name, '\''));
        }
        if (seen.insert(type->name).second) {
            SISKIN_TRY(check_containment(schema, entry, *type, seen));
        }
    }
    return {};
}

Result<> check_entry(const Schema& schema, const Entry& entry) {
    SISKIN_TRY(check_name(entry));
    SISKIN_TRY(check_members(schema, entry));
    switch (entry.kind) {
        case EntryKind::Struct: return {};
        case EntryKind::Enum: return check_enum(entry);
        case EntryKind::Union: return check_union(schema, entry);
        case EntryKind::Alternate: return check_alternate(schema, entry);
        case EntryKind::Command: return check_command(schema, entry);
        case EntryKind::Event: return check_event(entry);
    }
    return {};
}

}  // namespace

Result<> check(const Schema& schema) {
    std::map<std::string, const Entry*> names;
    for (const Entry& entry : schema.entries) {
        const auto [other, is_new] = names.emplace(entry.name, &entry);
        if (!is_new) {
            return fail(concat(where(entry), ": the name is taken by ", where(*other->second)));
        }
    }
    // Bases first: all other rules follow them.
    for (const Entry& entry : schema.entries) {
        SISKIN_TRY(check_base(schema, entry));
    }
    for (const Entry& entry : schema.entries) {
        SISKIN_TRY(check_entry(schema, entry));
        std::set<std::string> seen;
        SISKIN_TRY(check_containment(schema, entry, entry, seen));
    }
    return {};
}

}  // namespace siskin::qapi
