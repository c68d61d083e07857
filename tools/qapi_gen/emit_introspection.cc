// SPDX-License-Identifier: Apache-2.0
// Emits introspection.cc: the answer to query-qmp-schema as constant text.
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "tools/qapi_gen/emit.h"

namespace siskin::qapi {
namespace {

// The parts of one JSON text, each a whole entry.
class Introspection {
public:
    explicit Introspection(const Schema& schema) : schema_(schema) {}

    std::vector<std::string> entries() {
        for (const Entry& entry : schema_.entries) {
            if (entry.kind == EntryKind::Command) {
                add_command(entry);
            } else if (entry.kind == EntryKind::Event) {
                add(entry.name, "event", concat("\"arg-type\": ", object_of(entry)),
                    entry.features);
            }
        }
        while (!waiting_.empty()) {
            const auto define = waiting_.front();
            waiting_.pop_front();
            (this->*define.second)(define.first);
        }
        return std::move(out_);
    }

private:
    using Define = void (Introspection::*)(const std::string&);

    static std::string quoted(std::string_view text) { return concat('"', text, '"'); }

    void add(std::string_view name, std::string_view meta_type, const std::string& body,
             const std::vector<Feature>& features) {
        out_.push_back(concat("{\"name\": ", quoted(name), ", ", body, body.empty() ? "" : ", ",
                              "\"meta-type\": ", quoted(meta_type), features_text(features), '}'));
    }

    static std::string features_text(const std::vector<Feature>& features) {
        std::vector<std::string> names;
        for (const Feature& feature : features) {
            names.push_back(quoted(feature.name));
        }
        return names.empty() ? "" : concat(", \"features\": [", join(names, ", "), ']');
    }

    // Clients must not rely on the names of types, so they are numbers; builtins keep theirs.
    std::string number_of(const std::string& name, Define define) {
        const auto [found, is_new] = numbers_.emplace(name, std::to_string(numbers_.size()));
        if (is_new) {
            waiting_.emplace_back(name, define);
        }
        return found->second;
    }

    std::string use(const TypeRef& type) {
        std::string name;
        if (const Builtin* const builtin = find_builtin(type.name)) {
            // One kind of whole number on the wire.
            name = builtin->json_type == "int" ? "int" : type.name;
            if (defined_builtins_.emplace(name, true).second) {
                add(name, "builtin", concat("\"json-type\": ", quoted(builtin->json_type)), {});
            }
        } else {
            name = number_of(type.name, &Introspection::add_type);
        }
        if (!type.is_list) {
            return quoted(name);
        }
        const std::string list = concat('[', name, ']');
        if (defined_lists_.emplace(list, true).second) {
            add(list, "array", concat("\"element-type\": ", quoted(name)), {});
        }
        return quoted(list);
    }

    // The object type that a command's or event's inline members make.
    std::string object_of(const Entry& entry) {
        if (entry.boxed_data) {
            return use({*entry.boxed_data, false});
        }
        return entry.members.empty()
                   ? empty_object()
                   : quoted(number_of(' ' + entry.name, &Introspection::add_inline));
    }
    std::string empty_object() { return quoted(number_of(" ", &Introspection::add_empty)); }

    void add_command(const Entry& command) {
        const std::string result = command.returns ? use(*command.returns) : empty_object();
        add(command.name, "command",
            concat("\"ret-type\": ", result, ", \"arg-type\": ", object_of(command),
                   command.allow_oob ? ", \"allow-oob\": true" : ""),
            command.features);
    }

    std::string members_text(const std::vector<Member>& members) {
        std::vector<std::string> parts;
        for (const Member& member : members) {
            parts.push_back(concat(
                "{\"name\": ", quoted(member.name), member.optional ? ", \"default\": null" : "",
                ", \"type\": ", use(member.type), features_text(member.features), '}'));
        }
        return concat("\"members\": [", join(parts, ", "), ']');
    }

    void add_empty(const std::string&) { add(numbers_.at(" "), "object", "\"members\": []", {}); }

    void add_inline(const std::string& key) {
        for (const Entry& entry : schema_.entries) {
            if (' ' + entry.name == key) {
                add(numbers_.at(key), "object", members_text(entry.members), {});
            }
        }
    }

    std::string enum_text(const Entry& entry) {
        std::vector<std::string> members;
        std::vector<std::string> names;
        for (const EnumValue& value : entry.values) {
            names.push_back(quoted(value.name));
            members.push_back(
                concat("{\"name\": ", names.back(), features_text(value.features), '}'));
        }
        return concat("\"members\": [", join(members, ", "), "], \"values\": [", join(names, ", "),
                      ']');
    }

    // Each value of the tag is a case; one without a branch adds nothing.
    std::string variants_text(const Entry& entry) {
        std::map<std::string, std::string> types;
        for (const Branch& branch : entry.branches) {
            types[branch.name] = use(branch.type);
        }
        std::vector<std::string> parts;
        for (const Member& member : schema_.all_members(entry)) {
            if (member.name != entry.discriminator) {
                continue;
            }
            for (const EnumValue& value : schema_.find_type(member.type.name)->values) {
                const auto found = types.find(value.name);
                parts.push_back(concat("{\"case\": ", quoted(value.name), ", \"type\": ",
                                       found == types.end() ? empty_object() : found->second, '}'));
            }
        }
        return concat("\"tag\": ", quoted(entry.discriminator), ", \"variants\": [",
                      join(parts, ", "), "], ");
    }

    std::string alternate_text(const Entry& entry) {
        std::vector<std::string> parts;
        for (const Branch& branch : entry.branches) {
            parts.push_back(concat("{\"type\": ", use(branch.type), '}'));
        }
        return concat("\"members\": [", join(parts, ", "), ']');
    }

    void add_type(const std::string& name) {
        const Entry& entry = *schema_.find_type(name);
        const std::string number = numbers_.at(name);
        switch (entry.kind) {
            case EntryKind::Enum: return add(number, "enum", enum_text(entry), entry.features);
            case EntryKind::Alternate:
                return add(number, "alternate", alternate_text(entry), entry.features);
            default: break;
        }
        const std::string variants =
            entry.kind == EntryKind::Union ? variants_text(entry) : std::string();
        add(number, "object", variants + members_text(schema_.all_members(entry)), entry.features);
    }

    const Schema& schema_;
    std::vector<std::string> out_;
    std::map<std::string, std::string> numbers_;
    std::map<std::string, bool> defined_builtins_;
    std::map<std::string, bool> defined_lists_;
    std::deque<std::pair<std::string, Define>> waiting_;
};

std::string as_literal(const std::string& text) {
    std::string out = "    \"";
    for (const char character : text) {
        if (character == '"') {
            out += '\\';
        }
        out += character;
    }
    return out + "\"\n";
}

}  // namespace

std::string introspection_text(const Schema& schema) {
    return concat('[', join(Introspection(schema).entries(), ", "), ']');
}

std::string emit_introspection(const Schema& schema) {
    std::string literals = as_literal("[");
    std::string_view between;
    for (const std::string& entry : Introspection(schema).entries()) {
        literals += as_literal(std::string(between) + entry);
        between = ", ";
    }
    literals += as_literal("]");
    return file_head("The answer to query-qmp-schema.") +
           concat(
               "#include <string_view>\n\n#include \"qmp/generated/commands.h\"\n\n"
               "namespace siskin::qmp {\n\nstd::string_view schema_text() {\n"
               "    static constexpr std::string_view kText =\n",
               literals, "    ;\n    return kText;\n}\n\n}  // namespace siskin::qmp\n");
}

}  // namespace siskin::qapi
