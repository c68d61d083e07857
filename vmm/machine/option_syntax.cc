// SPDX-License-Identifier: Apache-2.0
// The grammar of an option's argument.
#include "vmm/machine/option_syntax.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "qmp/parser.h"

namespace siskin {
namespace {

constexpr std::size_t kKeyLengthMax = 127;

struct Item {
    std::string key;
    std::string value;
};

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= kKeyLengthMax &&
           std::all_of(text.begin(), text.end(), [](char character) {
               return std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                      character == '-' || character == '_' || character == '.';
           });
}

// Up to the next single comma; two commas are one. `text` loses what was read.
std::string take_value(std::string_view& text) {
    std::string value;
    while (!text.empty()) {
        const char character = text.front();
        text.remove_prefix(1);
        if (character == ',') {
            if (!text.starts_with(',')) {
                return value;
            }
            text.remove_prefix(1);
        }
        value += character;
    }
    return value;
}

Item bare_item(std::string value, bool first, std::string_view implied_key) {
    if (first && !implied_key.empty()) {
        return Item{std::string(implied_key), std::move(value)};
    }
    if (value.starts_with("no") && value.size() > 2) {
        return Item{value.substr(2), "off"};
    }
    return Item{std::move(value), "on"};
}

Result<std::vector<Item>> split(std::string_view text, std::string_view implied_key) {
    std::vector<Item> items;
    bool first = true;
    while (!text.empty()) {
        const std::size_t stop = text.find_first_of("=,");
        Item item;
        if (stop != std::string_view::npos && text[stop] == '=') {
            item.key = std::string(text.substr(0, stop));
            text.remove_prefix(stop + 1);
            item.value = take_value(text);
        } else {
            item = bare_item(take_value(text), first, implied_key);
        }
        first = false;
        if (!is_key(item.key) && item.key != "?") {
            return fail(concat("Invalid parameter '", printable(item.key), "'"));
        }
        items.push_back(std::move(item));
    }
    return items;
}

Result<> insert_dotted(Value::Dict& dict, std::string_view key, std::string value) {
    const std::size_t dot = key.find('.');
    const std::string head(key.substr(0, dot));
    if (dot == std::string_view::npos) {
        const Value* const present = dict.find(head);
        if (present != nullptr && present->as_dict() != nullptr) {
            return fail(concat("Parameters '", head, ".*' used inconsistently"));
        }
        dict.set(head, std::move(value));
        return {};
    }
    if (dict.find(head) == nullptr) {
        dict.insert(head, Value::Dict());
    }
    Value::Dict* const inner = dict.find(head)->as_dict();
    if (inner == nullptr) {
        return fail(concat("Parameters '", head, ".*' used inconsistently"));
    }
    return insert_dotted(*inner, key.substr(dot + 1), std::move(value));
}

std::vector<std::string> names_of(std::span<const PropertyRow> rows) {
    std::vector<std::string> names;
    for (const PropertyRow& row : rows) {
        names.emplace_back(row.name);
    }
    return names;
}

}  // namespace

Result<Value::Dict> parse_key_values(std::string_view text, std::string_view implied_key) {
    Value::Dict dict;
    for (Item& item : SISKIN_TRY(split(text, implied_key))) {
        dict.set(std::move(item.key), std::move(item.value));
    }
    return dict;
}

Result<Value::Dict> parse_repeated_key_values(std::string_view text, std::string_view implied_key,
                                              std::span<const std::string_view> repeated) {
    Value::Dict dict;
    for (Item& item : SISKIN_TRY(split(text, implied_key))) {
        Value* const present = dict.find(item.key);
        const bool may_repeat =
            std::find(repeated.begin(), repeated.end(), item.key) != repeated.end();
        if (present == nullptr || !may_repeat) {
            dict.set(std::move(item.key), std::move(item.value));
        } else if (Value::List* const list = present->as_list()) {
            list->emplace_back(std::move(item.value));
        } else {
            *present = Value::List{std::move(*present), Value(std::move(item.value))};
        }
    }
    return dict;
}

Result<Value::Dict> parse_object_key_values(std::string_view text, std::string_view implied_key) {
    static constexpr std::array<std::string_view, 1> kRepeated{"host-nodes"};
    return parse_repeated_key_values(text, implied_key, kRepeated);
}

Result<Value::Dict> parse_dotted_key_values(std::string_view text, std::string_view implied_key) {
    Value::Dict dict;
    for (Item& item : SISKIN_TRY(split(text, implied_key))) {
        SISKIN_TRY(insert_dotted(dict, item.key, std::move(item.value)));
    }
    return dict;
}

Result<Value::Dict> parse_json_or(std::string_view text, std::string_view implied_key,
                                  Result<Value::Dict> (*key_values)(std::string_view,
                                                                    std::string_view)) {
    if (!text.starts_with('{')) {
        return key_values(text, implied_key);
    }
    Value value = SISKIN_TRY(qmp::parse_json(text));
    Value::Dict* const dict = value.as_dict();
    if (dict == nullptr) {
        return fail("JSON parse error, expecting an object");
    }
    return std::move(*dict);
}

Result<> apply_options(std::span<const PropertyRow> rows, void* config,
                       const Value::Dict& members) {
    for (const auto& [key, value] : members) {
        const std::string_view name = key;
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const PropertyRow& candidate) {
            return candidate.name == name;
        });
        if (row == rows.end()) {
            return fail(concat("Invalid parameter '", printable(name), "', allowed are ",
                               join(names_of(rows), ", ")));
        }
        if (!row->set(config, value, row->range)) {
            return fail(concat("Parameter '", name, "' doesn't take value '",
                               printable(display(value)), "', allowed is ",
                               row->allowed(row->range)));
        }
    }
    return {};
}

bool asks_for_help(const Value::Dict& members) {
    return std::any_of(members.begin(), members.end(), [](const auto& member) {
        const std::string* const text = member.second.as_string();
        return member.first == "help" || member.first == "?" ||
               (text != nullptr && (*text == "help" || *text == "?"));
    });
}

}  // namespace siskin
