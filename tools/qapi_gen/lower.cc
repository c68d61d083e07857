// SPDX-License-Identifier: Apache-2.0
// Reachability and order of schema types.
#include "tools/qapi_gen/lower.h"

#include <algorithm>

#include "tools/qapi_gen/names.h"

namespace siskin::qapi {
namespace {

bool is_type(const Entry& entry) {
    return entry.kind != EntryKind::Command && entry.kind != EntryKind::Event;
}

// The types an entry mentions. Lists do not hold their element by value.
std::vector<const Entry*> mentioned(const Schema& schema, const Entry& entry, bool by_value_only) {
    std::vector<const Entry*> out;
    const auto add = [&](const TypeRef& type) {
        const Entry* const found = schema.find_type(type.name);
        if (found != nullptr && !(by_value_only && type.is_list)) {
            out.push_back(found);
        }
    };
    for (const Member& member : schema.all_members(entry)) {
        add(member.type);
    }
    for (const Branch& branch : entry.branches) {
        add(branch.type);
    }
    return out;
}

void reach(const Schema& schema, const Entry& from, bool by_value_only,
           std::set<std::string>& names) {
    for (const Entry* const next : mentioned(schema, from, by_value_only)) {
        if (names.insert(next->name).second) {
            reach(schema, *next, by_value_only, names);
        }
    }
}

void reach(const Schema& schema, const std::string& name, std::set<std::string>& names) {
    const Entry* const type = schema.find_type(name);
    if (type != nullptr && names.insert(name).second) {
        reach(schema, *type, false, names);
    }
}

bool reaches(const Schema& schema, const Entry& from, const Entry& to) {
    std::set<std::string> names{from.name};
    reach(schema, from, false, names);
    return names.count(to.name) != 0;
}

void define(const Schema& schema, const Entry& entry, std::set<std::string>& done,
            std::vector<const Entry*>& out) {
    if (!done.insert(entry.name).second) {
        return;
    }
    for (const Entry* const part : mentioned(schema, entry, true)) {
        define(schema, *part, done, out);
    }
    // Elements of lists, too, but for those that hold the entry in turn.
    for (const Entry* const part : mentioned(schema, entry, false)) {
        if (!reaches(schema, *part, entry)) {
            define(schema, *part, done, out);
        }
    }
    out.push_back(&entry);
}

}  // namespace

Schema with_argument_structs(const Schema& schema) {
    Schema out = schema;
    for (std::size_t index = 0; index < schema.entries.size(); ++index) {
        const Entry& command = schema.entries[index];
        if (command.kind != EntryKind::Command || command.members.empty()) {
            continue;
        }
        Entry arguments;
        arguments.kind = EntryKind::Struct;
        arguments.name = arguments_type(command);
        arguments.file = command.file;
        arguments.doc = "The arguments of " + command.name + '.';
        arguments.members = command.members;
        arguments.further_members = command.further_members;
        out.entries[index].boxed_data = arguments.name;
        out.entries[index].members.clear();
        out.entries.push_back(std::move(arguments));
    }
    return out;
}

std::vector<const Entry*> in_definition_order(const Schema& schema) {
    std::set<std::string> done;
    std::vector<const Entry*> out;
    for (const Entry& entry : schema.entries) {
        if (is_type(entry)) {
            define(schema, entry, done, out);
        }
    }
    return out;
}

bool needs_box(const Schema& schema, const Entry& owner, const TypeRef& type) {
    const Entry* const held = schema.find_type(type.name);
    if (held == nullptr || type.is_list) {
        return false;
    }
    std::set<std::string> names{held->name};
    reach(schema, *held, true, names);
    return names.count(owner.name) != 0;
}

bool is_list_of_incomplete(const Schema& schema, const Entry& owner, const TypeRef& type) {
    const Entry* const element = schema.find_type(type.name);
    return element != nullptr && type.is_list && reaches(schema, *element, owner);
}

std::set<std::string> decoded_types(const Schema& schema) {
    std::set<std::string> names;
    for (const Entry& entry : schema.entries) {
        if (entry.kind == EntryKind::Command && entry.boxed_data) {
            reach(schema, *entry.boxed_data, names);
        }
    }
    return names;
}

std::set<std::string> encoded_types(const Schema& schema) {
    std::set<std::string> names;
    for (const Entry& entry : schema.entries) {
        if (entry.kind == EntryKind::Command && entry.returns && entry.generate_result) {
            reach(schema, entry.returns->name, names);
        }
        if (entry.kind == EntryKind::Event) {
            reach(schema, entry, false, names);
        }
    }
    return names;
}

std::vector<std::string> groups(const Schema& schema) {
    std::vector<std::string> out;
    for (const Entry& entry : schema.entries) {
        if (entry.kind == EntryKind::Command &&
            std::find(out.begin(), out.end(), entry.group) == out.end()) {
            out.push_back(entry.group);
        }
    }
    return out;
}

}  // namespace siskin::qapi
