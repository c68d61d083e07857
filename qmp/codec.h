// SPDX-License-Identifier: Apache-2.0
// What the generated decoders and encoders are made of: builtin types, lists, members.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "qmp/box.h"
#include "qmp/value_json.h"

namespace siskin::qmp {

// JSON text that a handler has made itself (commands with "gen": false).
struct JsonText {
    std::string text;
};

// Where a value stands in a command's arguments, for messages: "capabilities[0].state". Lives on
// the stack of the decoders.
class Path {
public:
    Path() = default;  // the arguments as a whole
    Path(const Path& parent, std::string_view name)
        : parent_(&parent), name_(name), is_text_(parent.is_text_) {}
    Path(const Path& parent, std::size_t index)
        : parent_(&parent), index_(index), is_element_(true), is_text_(parent.is_text_) {}
    // Of an option of the command line: switches are on or off, and numbers are texts, too.
    [[nodiscard]] static Path of_text() {
        Path whole;
        whole.is_text_ = true;
        return whole;
    }

    // The whole way.
    [[nodiscard]] std::string full() const;
    // The member's own name; "null" for an element of a list, as QEMU 7.2 says it.
    [[nodiscard]] std::string_view own() const { return is_element_ ? "null" : name_; }
    [[nodiscard]] bool is_text() const { return is_text_; }

private:
    const Path* parent_ = nullptr;
    std::string_view name_;
    std::size_t index_ = 0;
    bool is_element_ = false;
    bool is_text_ = false;
};

[[nodiscard]] Error missing_member(const Path& path);
[[nodiscard]] Error unexpected_member(const Path& path);
// `expected`: "string", "integer", "boolean", "number", "array", "object", "null".
[[nodiscard]] Error wrong_type(const Path& path, std::string_view expected);
[[nodiscard]] Error bad_value(const Path& path, std::string_view value);
[[nodiscard]] Error out_of_range(const Path& path, std::string_view expected);

// A decoder takes what it wants out of the value, which nobody looks at afterwards.
[[nodiscard]] Result<> decode(Value& value, const Path& path, bool& out);
[[nodiscard]] Result<> decode(Value& value, const Path& path, double& out);
[[nodiscard]] Result<> decode(Value& value, const Path& path, std::string& out);
[[nodiscard]] Result<> decode(Value& value, const Path& path, Value& out);
[[nodiscard]] Result<> decode(Value& value, const Path& path, Value::Null& out);
[[nodiscard]] Result<> decode(Value& value, const Path& path, std::int64_t& out);
[[nodiscard]] Result<> decode(Value& value, const Path& path, std::uint64_t& out);

// The C name of a narrow integer type, for the message.
template <std::integral Integer>
[[nodiscard]] constexpr std::string_view integer_name() {
    constexpr bool kIsSigned = std::signed_integral<Integer>;
    switch (sizeof(Integer)) {
        case 1: return kIsSigned ? "int8_t" : "uint8_t";
        case 2: return kIsSigned ? "int16_t" : "uint16_t";
        default: return kIsSigned ? "int32_t" : "uint32_t";
    }
}

template <std::integral Integer>
[[nodiscard]] Result<> decode(Value& value, const Path& path, Integer& out) {
    std::int64_t wide = 0;
    SISKIN_TRY(decode(value, path, wide));
    if (wide < std::int64_t{std::numeric_limits<Integer>::min()} ||
        wide > std::int64_t{std::numeric_limits<Integer>::max()}) {
        return fail(out_of_range(path, integer_name<Integer>()));
    }
    out = static_cast<Integer>(wide);
    return {};
}

template <typename T>
[[nodiscard]] Result<> decode(Value& value, const Path& path, std::vector<T>& out) {
    auto* const list = value.as_list();
    if (list == nullptr) {
        return fail(wrong_type(path, "array"));
    }
    for (Value& element : *list) {
        const Path at(path, out.size());
        SISKIN_TRY(decode(element, at, out.emplace_back()));
    }
    return {};
}

template <typename T>
[[nodiscard]] Result<> decode(Value& value, const Path& path, Box<T>& out) {
    return decode(value, path, out.emplace());
}

// A name that a client may well try, and what the refusal tells him.
struct RefusedName {
    std::string_view name;
    std::string_view reason;
};

// For the generated enums: the index of the value's name among `names`.
[[nodiscard]] Result<std::size_t> decode_name(const Value& value, const Path& path,
                                              std::span<const std::string_view> names,
                                              std::span<const RefusedName> refused = {});

// Takes the members of one JSON object, and their values with them; finish() refuses what nobody
// asked for.
class ObjectDecoder {
public:
    // `value` outlives the decoder, and so does `path`.
    [[nodiscard]] static Result<ObjectDecoder> open(Value& value, const Path& path);

    template <typename T>
    [[nodiscard]] Result<> required(std::string_view name, T& out) {
        const Path path(*path_, name);
        Value* const value = take(name);
        if (value == nullptr) {
            return fail(missing_member(path));
        }
        return decode(*value, path, out);
    }
    template <typename T>
    [[nodiscard]] Result<> optional(std::string_view name, std::optional<T>& out) {
        Value* const value = take(name);
        return value == nullptr ? Result<>() : decode(*value, Path(*path_, name), out.emplace());
    }
    template <typename T>
    [[nodiscard]] Result<> optional(std::string_view name, Box<T>& out) {
        Value* const value = take(name);
        return value == nullptr ? Result<>() : decode(*value, Path(*path_, name), out.emplace());
    }
    // All there are; none is taken by this.
    [[nodiscard]] const Value::Dict& members() const { return *dict_; }
    // Takes all members that nobody took before; the last to be called.
    void rest(Value::Dict& out);
    [[nodiscard]] Result<> finish() const;
    [[nodiscard]] const Path& path() const { return *path_; }

private:
    ObjectDecoder(Value::Dict* dict, const Path& path) : dict_(dict), path_(&path) {}
    Value* take(std::string_view name);

    Value::Dict* dict_;
    const Path* path_;
    std::vector<std::string_view> taken_;  // as many as the schema has for the object
};

inline void write_json(JsonWriter& out, bool value) {
    out.boolean(value);
}
inline void write_json(JsonWriter& out, double value) {
    out.number(value);
}
inline void write_json(JsonWriter& out, const std::string& value) {
    out.string(value);
}
inline void write_json(JsonWriter& out, Value::Null) {
    out.null();
}
inline void write_json(JsonWriter& out, const JsonText& value) {
    out.text(value.text);
}
template <std::signed_integral Integer>
void write_json(JsonWriter& out, Integer value) {
    out.integer(value);
}
template <std::unsigned_integral Integer>
void write_json(JsonWriter& out, Integer value) {
    out.unsigned_integer(value);
}
template <typename T>
void write_json(JsonWriter& out, const std::vector<T>& list) {
    out.begin_list();
    for (const auto& element : list) {
        write_json(out, element);
    }
    out.end_list();
}

// A member of an object; one that is absent writes nothing.
template <typename T>
void write_member(JsonWriter& out, std::string_view name, const T& value) {
    out.key(name);
    write_json(out, value);
}
template <typename T>
void write_member(JsonWriter& out, std::string_view name, const std::optional<T>& value) {
    if (value) {
        write_member(out, name, *value);
    }
}
template <typename T>
void write_member(JsonWriter& out, std::string_view name, const Box<T>& value) {
    if (value) {
        write_member(out, name, *value);
    }
}

}  // namespace siskin::qmp
