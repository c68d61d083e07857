// SPDX-License-Identifier: Apache-2.0
// Schema files to the model.
#include "tools/qapi_gen/loader.h"

#include <array>
#include <filesystem>
#include <set>
#include <utility>

#include <simdjson.h>

#include "base/text.h"

namespace siskin::qapi {
namespace {

namespace dom = simdjson::dom;

// An object of the schema. Each accessor tells which key is wrong; finish() refuses unknown keys.
class Reader {
public:
    static Result<Reader> open(dom::element element, std::string context) {
        dom::object object;
        if (element.get(object) != simdjson::SUCCESS) {
            return fail(context + ": is not an object");
        }
        std::set<std::string_view> names;
        for (const auto& [name, value] : object) {
            if (!names.insert(name).second) {
                return fail(concat(context, ": '", name, "' is there twice"));
            }
        }
        return Reader(object, std::move(context));
    }

    [[nodiscard]] const std::string& context() const { return context_; }
    [[nodiscard]] dom::object object() const { return object_; }
    [[nodiscard]] bool has(std::string_view key) const {
        return object_.at_key(key).error() == simdjson::SUCCESS;
    }
    std::optional<dom::element> element(std::string_view key) {
        known_.insert(std::string(key));
        dom::element found;
        return object_.at_key(key).get(found) == simdjson::SUCCESS ? std::optional(found)
                                                                   : std::nullopt;
    }
    Result<std::string> optional_text(std::string_view key) {
        const auto found = element(key);
        if (!found) {
            return std::string();
        }
        std::string_view text;
        if (found->get(text) != simdjson::SUCCESS || text.empty()) {
            return fail(concat(context_, ": '", key, "' is not a text"));
        }
        return std::string(text);
    }
    Result<std::string> text(std::string_view key) {
        if (!has(key)) {
            return fail(concat(context_, ": '", key, "' is missing"));
        }
        return optional_text(key);
    }
    Result<bool> flag(std::string_view key, bool otherwise) {
        const auto found = element(key);
        bool value = otherwise;
        if (found && found->get(value) != simdjson::SUCCESS) {
            return fail(concat(context_, ": '", key, "' is neither true nor false"));
        }
        return value;
    }
    // The elements of the array under `key`; none where the key is absent.
    Result<std::vector<dom::element>> list(std::string_view key) {
        std::vector<dom::element> out;
        const auto found = element(key);
        if (!found) {
            return out;
        }
        dom::array array;
        if (found->get(array) != simdjson::SUCCESS) {
            return fail(concat(context_, ": '", key, "' is not an array"));
        }
        for (const dom::element item : array) {
            out.push_back(item);
        }
        return out;
    }
    [[nodiscard]] Result<> finish() const {
        for (const auto& [name, value] : object_) {
            if (known_.count(std::string(name)) == 0) {
                return fail(concat(context_, ": '", name, "' is unknown"));
            }
        }
        return {};
    }

private:
    Reader(dom::object object, std::string context)
        : object_(object), context_(std::move(context)) {}

    dom::object object_;
    std::string context_;
    std::set<std::string> known_;
};

Result<std::vector<Feature>> read_features(Reader& reader) {
    std::vector<Feature> out;
    for (const dom::element item : SISKIN_TRY(reader.list("features"))) {
        auto feature = SISKIN_TRY(Reader::open(item, reader.context() + ": a feature"));
        out.push_back({SISKIN_TRY(feature.text("name")), SISKIN_TRY(feature.text("doc"))});
        SISKIN_TRY(feature.finish());
    }
    return out;
}

Result<TypeRef> read_type(dom::element element, const std::string& context) {
    std::string_view name;
    if (element.get(name) == simdjson::SUCCESS && !name.empty()) {
        return TypeRef{std::string(name), false};
    }
    dom::array array;
    if (element.get(array) == simdjson::SUCCESS && array.size() == 1 &&
        array.at(0).get(name) == simdjson::SUCCESS && !name.empty()) {
        return TypeRef{std::string(name), true};
    }
    return fail(context + ": a type is a name, or an array that holds one name");
}

Result<TypeRef> read_type(Reader& reader, std::string_view key) {
    const auto element = reader.element(key);
    if (!element) {
        return fail(concat(reader.context(), ": '", key, "' is missing"));
    }
    return read_type(*element, reader.context());
}

Result<std::vector<Member>> read_members(dom::element element, const std::string& context) {
    const auto table = SISKIN_TRY(Reader::open(element, context));
    std::vector<Member> out;
    for (const auto& [key, value] : table.object()) {
        const bool optional = key.starts_with('*');
        const std::string name(optional ? key.substr(1) : key);
        auto reader = SISKIN_TRY(Reader::open(value, concat(context, ": member '", name, '\'')));
        Member member{name, optional, SISKIN_TRY(read_type(reader, "type")),
                      SISKIN_TRY(reader.text("doc")), SISKIN_TRY(read_features(reader))};
        SISKIN_TRY(reader.finish());
        out.push_back(std::move(member));
    }
    return out;
}

Result<std::vector<Branch>> read_branches(Reader& reader) {
    const auto element = reader.element("data");
    if (!element) {
        return fail(reader.context() + ": 'data' is missing");
    }
    const auto table = SISKIN_TRY(Reader::open(*element, reader.context() + ": 'data'"));
    std::vector<Branch> out;
    for (const auto& [key, value] : table.object()) {
        auto branch =
            SISKIN_TRY(Reader::open(value, concat(reader.context(), ": branch '", key, '\'')));
        out.push_back({std::string(key), SISKIN_TRY(read_type(branch, "type")),
                       SISKIN_TRY(branch.text("doc"))});
        SISKIN_TRY(branch.finish());
    }
    return out;
}

Result<> read_values(Reader& reader, std::string_view key, std::vector<EnumValue>& values) {
    for (const dom::element item : SISKIN_TRY(reader.list(key))) {
        auto value = SISKIN_TRY(Reader::open(item, reader.context() + ": a value"));
        values.push_back({SISKIN_TRY(value.text("name")), SISKIN_TRY(value.text("doc")),
                          SISKIN_TRY(read_features(value))});
        SISKIN_TRY(value.finish());
    }
    return {};
}

Result<> read_enum(Reader& reader, Entry& entry) {
    SISKIN_TRY(read_values(reader, "data", entry.values));
    return reader.has("refused") ? read_values(reader, "refused", entry.refused) : Result<>();
}

// "base" is a struct's name, or (in a union) a table of members.
Result<> read_base(Reader& reader, Entry& entry) {
    const auto base = reader.element("base");
    if (base && base->is_object()) {
        entry.members = SISKIN_TRY(read_members(*base, reader.context() + ": 'base'"));
    } else if (base) {
        entry.base = SISKIN_TRY(reader.text("base"));
    }
    return {};
}

Result<> read_data(Reader& reader, Entry& entry) {
    const auto data = reader.element("data");
    if (data && data->is_string() && entry.kind == EntryKind::Command) {
        entry.boxed_data = SISKIN_TRY(reader.text("data"));
    } else if (data) {
        entry.members = SISKIN_TRY(read_members(*data, reader.context()));
    }
    return {};
}

// Who may give the command; "operate" where nothing is said.
Result<> read_role(Reader& reader, Entry& entry) {
    if (!reader.has("role")) {
        return {};
    }
    const std::string role = SISKIN_TRY(reader.text("role"));
    if (role != "observe" && role != "operate") {
        return fail(
            concat(reader.context(), ": 'role' is '", role, "', allowed are observe and operate"));
    }
    entry.observes = role == "observe";
    return {};
}

Result<> read_command(Reader& reader, Entry& entry) {
    SISKIN_TRY(read_data(reader, entry));
    entry.group = SISKIN_TRY(reader.text("group"));
    entry.allow_oob = SISKIN_TRY(reader.flag("allow-oob", false));
    entry.takes_descriptor = SISKIN_TRY(reader.flag("takes-fd", false));
    entry.in_session = SISKIN_TRY(reader.flag("in-session", false));
    entry.generate_result = SISKIN_TRY(reader.flag("gen", true));
    entry.may_wait = SISKIN_TRY(reader.flag("may-wait", false));
    entry.further_members = SISKIN_TRY(reader.flag("further-members", false));
    SISKIN_TRY(read_role(reader, entry));
    if (reader.has("returns")) {
        entry.returns = SISKIN_TRY(read_type(reader, "returns"));
        entry.returns_doc = SISKIN_TRY(reader.text("returns-doc"));
    }
    return {};
}

Result<> read_event(Reader& reader, Entry& entry) {
    SISKIN_TRY(read_data(reader, entry));
    const auto element = reader.element("limit");
    if (!element) {
        return {};
    }
    auto limit = SISKIN_TRY(Reader::open(*element, reader.context() + ": 'limit'"));
    const auto interval = limit.element("interval-ms");
    if (!interval || interval->get(entry.limit_ms) != simdjson::SUCCESS || entry.limit_ms < 1) {
        return fail(limit.context() + ": 'interval-ms' is not a number above zero");
    }
    entry.limit_by = SISKIN_TRY(limit.optional_text("by"));
    return limit.finish();
}

Result<> read_kind(Reader& reader, Entry& entry) {
    switch (entry.kind) {
        case EntryKind::Struct:
            SISKIN_TRY(read_base(reader, entry));
            if (!entry.members.empty()) {
                return fail(reader.context() + ": the base of a struct is a name");
            }
            entry.further_members = SISKIN_TRY(reader.flag("further-members", false));
            return read_data(reader, entry);
        case EntryKind::Enum: return read_enum(reader, entry);
        case EntryKind::Union:
            SISKIN_TRY(read_base(reader, entry));
            entry.discriminator = SISKIN_TRY(reader.text("discriminator"));
            entry.branches = SISKIN_TRY(read_branches(reader));
            entry.keep_members = SISKIN_TRY(reader.flag("keep-members", false));
            return {};
        case EntryKind::Alternate: entry.branches = SISKIN_TRY(read_branches(reader)); return {};
        case EntryKind::Command: return read_command(reader, entry);
        case EntryKind::Event: return read_event(reader, entry);
    }
    return {};
}

Result<Entry> read_entry(dom::element element, const std::string& file) {
    static constexpr std::array kKinds{EntryKind::Struct,    EntryKind::Enum,    EntryKind::Union,
                                       EntryKind::Alternate, EntryKind::Command, EntryKind::Event};
    const auto probe = SISKIN_TRY(Reader::open(element, file + ": an entry"));
    for (const EntryKind kind : kKinds) {
        if (!probe.has(kind_word(kind))) {
            continue;
        }
        Entry entry;
        entry.kind = kind;
        entry.file = file;
        std::string_view name;
        if (probe.object().at_key(kind_word(kind)).get(name) != simdjson::SUCCESS) {
            return fail(concat(file, ": the name of a ", kind_word(kind), " is not a text"));
        }
        entry.name = name;
        auto reader = SISKIN_TRY(Reader::open(element, where(entry)));
        reader.element(kind_word(kind));
        entry.doc = SISKIN_TRY(reader.text("doc"));
        entry.features = SISKIN_TRY(read_features(reader));
        SISKIN_TRY(read_kind(reader, entry));
        SISKIN_TRY(reader.finish());
        return entry;
    }
    return fail(file + ": an entry is none of struct, enum, union, alternate, command, event");
}

Result<> load_file(const std::string& path, Schema& schema) {
    const std::string file = std::filesystem::path(path).filename().string();
    dom::parser parser;
    dom::element root;
    if (const auto error = parser.load(path).get(root); error != simdjson::SUCCESS) {
        return fail(concat(file, ": ", simdjson::error_message(error)));
    }
    dom::array entries;
    if (root.get(entries) != simdjson::SUCCESS) {
        return fail(file + ": the top level is not an array");
    }
    bool has_chapter = false;
    for (const dom::element element : entries) {
        if (!has_chapter) {
            auto head = SISKIN_TRY(Reader::open(element, file + ": the first entry"));
            schema.chapters.push_back(
                {SISKIN_TRY(head.text("chapter")), SISKIN_TRY(head.text("doc")), file});
            [[maybe_unused]] const auto license = SISKIN_TRY(head.text("license"));
            SISKIN_TRY(head.finish());
            has_chapter = true;
            continue;
        }
        Entry entry = SISKIN_TRY(read_entry(element, file));
        entry.chapter = schema.chapters.size() - 1;
        schema.entries.push_back(std::move(entry));
    }
    return has_chapter ? Result<>() : Result<>(fail(file + ": has no entries"));
}

}  // namespace

Result<Schema> load(const std::vector<std::string>& paths) {
    Schema schema;
    for (const std::string& path : paths) {
        SISKIN_TRY(load_file(path, schema));
    }
    return schema;
}

}  // namespace siskin::qapi
