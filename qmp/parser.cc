// SPDX-License-Identifier: Apache-2.0
// JSON by simdjson, with JsonReader behind it.
#include "qmp/parser.h"

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

// A list or an object whose elements are being converted.
class Level {
public:
    explicit Level(dom::array array) : array_(array.begin()), array_end_(array.end()) {}
    explicit Level(dom::object object)
        : is_object_(true), object_(object.begin()), object_end_(object.end()) {
        dict_.reserve(object.size());
    }

    [[nodiscard]] bool is_done() const {
        return is_object_ ? !(object_ != object_end_) : !(array_ != array_end_);
    }
    dom::element next() {
        if (is_object_) {
            const dom::element value = object_.value();
            key_ = std::string(object_.key());
            ++object_;
            return value;
        }
        const dom::element value = *array_;
        ++array_;
        return value;
    }
    // False when the name is there already: simdjson lets duplicates pass.
    bool add(Value value) {
        if (is_object_) {
            return dict_.insert(std::move(key_), std::move(value));
        }
        list_.push_back(std::move(value));
        return true;
    }
    Value take() { return is_object_ ? Value(std::move(dict_)) : Value(std::move(list_)); }

private:
    bool is_object_ = false;
    dom::array::iterator array_{};
    dom::array::iterator array_end_{};
    dom::object::iterator object_{};
    dom::object::iterator object_end_{};
    std::string key_;
    Value::List list_;
    Value::Dict dict_;
};

Value scalar(dom::element element) {
    switch (element.type()) {
        case dom::element_type::INT64: return Value(std::int64_t{element.get_int64()});
        case dom::element_type::UINT64: return Value(std::uint64_t{element.get_uint64()});
        case dom::element_type::DOUBLE: return Value(double{element.get_double()});
        case dom::element_type::STRING: return Value(std::string_view(element.get_string()));
        case dom::element_type::BOOL: return Value(bool{element.get_bool()});
        default: return {};
    }
}

// The value of a scalar; nothing for a container, which went onto the stack.
std::optional<Value> begin(dom::element element, std::vector<Level>& stack) {
    if (element.is_object()) {
        stack.emplace_back(dom::object(element));
    } else if (element.is_array()) {
        stack.emplace_back(dom::array(element));
    } else {
        return scalar(element);
    }
    return std::nullopt;
}

Result<Value> convert(dom::element root) {
    std::vector<Level> stack;
    std::optional<Value> done = begin(root, stack);
    while (!stack.empty()) {
        if (done && !stack.back().add(*std::exchange(done, std::nullopt))) {
            return fail("JSON parse error, duplicate key");
        }
        if (stack.back().is_done()) {
            done = stack.back().take();
            stack.pop_back();
        } else {
            done = begin(stack.back().next(), stack);
        }
    }
    return std::move(*done);
}

// A parser's buffers are some ten times the text: they are kept for messages of the common sizes,
// and made anew for longer ones.
constexpr std::size_t kKeptMax = std::size_t{64} << 10U;

std::optional<Result<Value>> parse_plain(std::string_view text, dom::parser& parser) {
    dom::element root;
    if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    return convert(root);
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
    const bool is_plain =
        text.find('\\') == std::string_view::npos && text.find('\'') == std::string_view::npos;
    std::optional<Result<Value>> parsed;
    if (is_plain && text.size() <= kKeptMax) {
        thread_local dom::parser kept;
        parsed = parse_plain(text, kept);
    } else if (is_plain) {
        dom::parser parser;
        parsed = parse_plain(text, parser);
    }
    return parsed ? std::move(*parsed) : JsonReader(text).read();
}

}  // namespace siskin::qmp
