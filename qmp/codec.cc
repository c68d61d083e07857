// SPDX-License-Identifier: Apache-2.0
// Builtin types and messages of the generated decoders.
#include "qmp/codec.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/size_text.h"
#include "base/text.h"

namespace siskin::qmp {
namespace {

Error generic(std::string message) {
    return Error{ErrorClass::GenericError, std::move(message)};
}

template <typename T>
Result<> store(const T* content, const Path& path, std::string_view expected, T& out) {
    if (content == nullptr) {
        return fail(wrong_type(path, expected));
    }
    out = *content;
    return {};
}

}  // namespace

std::string Path::full() const {
    if (parent_ == nullptr) {
        return {};
    }
    std::string out = parent_->full();
    if (is_element_) {
        return out + concat('[', index_, ']');
    }
    if (!out.empty()) {
        out += '.';
    }
    return out + std::string(name_);
}

Error missing_member(const Path& path) {
    return generic(concat("Parameter '", path.full(), "' is missing"));
}
Error unexpected_member(const Path& path) {
    return generic(concat("Parameter '", path.full(), "' is unexpected"));
}
Error wrong_type(const Path& path, std::string_view expected) {
    return generic(concat("Invalid parameter type for '", path.full(), "', expected: ", expected));
}
Error bad_value(const Path& path, std::string_view value) {
    return generic(concat("Parameter '", path.own(), "' does not accept value '", value, "'"));
}
Error out_of_range(const Path& path, std::string_view expected) {
    return generic(concat("Parameter '", path.full(), "' expects ", expected));
}

Result<> decode(Value& value, const Path& path, bool& out) {
    const std::string* const text = path.is_text() ? value.as_string() : nullptr;
    if (text != nullptr) {
        out = *text == "on";
        return out || *text == "off" ? Result<>()
                                     : Result<>(fail(out_of_range(path, "'on' or 'off'")));
    }
    return store(value.as_bool(), path, "boolean", out);
}
Result<> decode(Value& value, const Path& path, std::string& out) {
    std::string* const content = value.as_string();
    if (content == nullptr) {
        return fail(wrong_type(path, "string"));
    }
    out = std::move(*content);
    return {};
}
Result<> decode(Value& value, const Path& path, std::int64_t& out) {
    const std::string* const text = path.is_text() ? value.as_string() : nullptr;
    if (text != nullptr) {
        const auto number = parse_number(*text);
        if (!number || *number > std::numeric_limits<std::int64_t>::max()) {
            return fail(out_of_range(path, "a number"));
        }
        out = static_cast<std::int64_t>(*number);
        return {};
    }
    return store(value.as_int(), path, "integer", out);
}

Result<> decode(Value& value, const Path&, Value& out) {
    out = std::move(value);
    return {};
}

Result<> decode(Value& value, const Path& path, Value::Null&) {
    return value.is_null() ? Result<>() : Result<>(fail(wrong_type(path, "null")));
}

Result<> decode(Value& value, const Path& path, double& out) {
    if (const auto* const integer = value.as_int()) {
        out = static_cast<double>(*integer);
        return {};
    }
    if (const auto* const unsigned_integer = value.as_uint()) {
        out = static_cast<double>(*unsigned_integer);
        return {};
    }
    return store(value.as_double(), path, "number", out);
}

Result<> decode(Value& value, const Path& path, std::uint64_t& out) {
    const std::string* const text = path.is_text() ? value.as_string() : nullptr;
    if (text != nullptr) {
        const auto size = parse_size(*text);
        if (!size) {
            return fail(out_of_range(path, "a size, with an optional suffix k, M, G, T, P or E"));
        }
        out = *size;
        return {};
    }
    if (const auto* const integer = value.as_int(); integer != nullptr && *integer >= 0) {
        out = static_cast<std::uint64_t>(*integer);
        return {};
    }
    if (const auto* const unsigned_integer = value.as_uint()) {
        out = *unsigned_integer;
        return {};
    }
    return fail(out_of_range(path, "uint64"));
}

Result<std::size_t> decode_name(const Value& value, const Path& path,
                                std::span<const std::string_view> names,
                                std::span<const RefusedName> refused) {
    const std::string* const text = value.as_string();
    if (text == nullptr) {
        return fail(wrong_type(path, "string"));
    }
    const auto found = std::find(names.begin(), names.end(), *text);
    if (found == names.end()) {
        Error error = bad_value(path, *text);
        for (const RefusedName& name : refused) {
            if (name.name == *text) {
                error.message += concat(": ", name.reason);
            }
        }
        return fail(std::move(error));
    }
    return static_cast<std::size_t>(found - names.begin());
}

Result<ObjectDecoder> ObjectDecoder::open(Value& value, const Path& path) {
    auto* const dict = value.as_dict();
    if (dict == nullptr) {
        return fail(wrong_type(path, "object"));
    }
    return ObjectDecoder(dict, path);
}

Value* ObjectDecoder::take(std::string_view name) {
    taken_.push_back(name);
    return dict_->find(name);
}

void ObjectDecoder::rest(Value::Dict& out) {
    out = std::move(*dict_);
    *dict_ = Value::Dict();
    out.erase(taken_);
}

Result<> ObjectDecoder::finish() const {
    for (const auto& [name, value] : *dict_) {
        if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) {
            return fail(unexpected_member(Path(*path_, name)));
        }
    }
    return {};
}

}  // namespace siskin::qmp
