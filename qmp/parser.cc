// SPDX-License-Identifier: Apache-2.0
// JSON by simdjson, with JsonReader behind it.
#include "qmp/parser.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "qmp/json_reader.h"

namespace siskin::qmp {
namespace {

namespace dom = simdjson::dom;

// `out` is null so far.
void scalar(dom::element element, Value& out) {
    switch (element.type()) {
        case dom::element_type::INT64: out.emplace(std::int64_t{element.get_int64()}); break;
        case dom::element_type::UINT64: out = Value(std::uint64_t{element.get_uint64()}); break;
        case dom::element_type::DOUBLE: out.emplace(double{element.get_double()}); break;
        case dom::element_type::STRING: out.emplace(std::string_view(element.get_string())); break;
        case dom::element_type::BOOL: out.emplace(bool{element.get_bool()}); break;
        default: break;
    }
}

bool is_container(dom::element element) {
    return element.is_object() || element.is_array();
}

// A list or an object whose elements are being converted.
class Level {
public:
    explicit Level(dom::element container) : is_object_(container.is_object()) {
        if (is_object_) {
            const dom::object object(container);
            object_ = object.begin();
            object_end_ = object.end();
            dict_.reserve(object.size());
        } else {
            const dom::array array(container);
            array_ = array.begin();
            array_end_ = array.end();
        }
    }

    // Adds elements up to the next container, which it returns; nothing when all are there. False
    // instead when a name is there twice: simdjson lets duplicates pass.
    bool add_scalars(std::optional<dom::element>& container) {
        container.reset();
        return is_object_ ? add_members(container) : add_elements(container);
    }
    // Adds what became of the container that add_scalars() returned.
    bool add(Value value) {
        if (is_object_) {
            return dict_.insert(std::move(key_), std::move(value));
        }
        list_.push_back(std::move(value));
        return true;
    }
    Value take() { return is_object_ ? Value(std::move(dict_)) : Value(std::move(list_)); }

private:
    bool add_members(std::optional<dom::element>& container) {
        while (object_ != object_end_ && !container) {
            const dom::element value = object_.value();
            if (is_container(value)) {
                key_ = std::string(object_.key());
                container = value;
            } else if (Value* const added = dict_.add(object_.key())) {
                scalar(value, *added);
            } else {
                return false;
            }
            ++object_;
        }
        return true;
    }
    bool add_elements(std::optional<dom::element>& container) {
        while (array_ != array_end_ && !container) {
            const dom::element value = *array_;
            if (is_container(value)) {
                container = value;
            } else {
                scalar(value, list_.emplace_back());
            }
            ++array_;
        }
        return true;
    }

    bool is_object_;
    dom::array::iterator array_{};
    dom::array::iterator array_end_{};
    dom::object::iterator object_{};
    dom::object::iterator object_end_{};
    std::string key_;  // of the container that is being converted
    Value::List list_;
    Value::Dict dict_;
};

// Without recursion, whatever the depth.
Result<Value> convert(dom::element root) {
    if (!is_container(root)) {
        Value only;
        scalar(root, only);
        return only;
    }
    std::vector<Level> stack;
    stack.emplace_back(root);
    while (true) {
        std::optional<dom::element> container;
        if (!stack.back().add_scalars(container)) {
            return fail("JSON parse error, duplicate key");
        }
        if (container) {
            stack.emplace_back(*container);
            continue;
        }
        Value done = stack.back().take();
        stack.pop_back();
        if (stack.empty()) {
            return done;
        }
        if (!stack.back().add(std::move(done))) {
            return fail("JSON parse error, duplicate key");
        }
    }
}

// A parser's buffers are some ten times the text: they are kept for messages of the common sizes,
// and made anew for longer ones.
constexpr std::size_t kKeptMax = std::size_t{128} << 10U;

// Escapes and single quotes are JsonReader's, and what may be U+FFFF or its like, which simdjson
// takes and UTF-8 writes with a first byte from 0xef on. Looks at all, in blocks, so that the
// compiler takes many bytes at a time.
bool is_for_reader(std::string_view text) {
    static constexpr std::size_t kBlock = 64;
    unsigned char seen = 0;
    const auto look = [&seen](char character) {
        const auto byte = static_cast<unsigned char>(character);
        seen = static_cast<unsigned char>(seen | (byte == '\\' || byte == '\'' || byte >= 0xef));
    };
    for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
        for (std::size_t at = 0; at < kBlock; ++at) {
            look(text[at]);
        }
    }
    std::for_each(text.begin(), text.end(), look);
    return seen != 0;
}

std::optional<Result<Value>> parse_plain(std::string_view text, dom::parser& parser) {
    dom::element root;
    if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    return convert(root);
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
    std::optional<Result<Value>> parsed;
    if (is_for_reader(text)) {
        return JsonReader(text).read();
    }
    if (text.size() <= kKeptMax) {
        thread_local dom::parser kept;
        parsed = parse_plain(text, kept);
    } else {
        dom::parser parser;
        parsed = parse_plain(text, parser);
    }
    return parsed ? std::move(*parsed) : JsonReader(text).read();
}

}  // namespace siskin::qmp
