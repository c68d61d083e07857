// SPDX-License-Identifier: Apache-2.0
// Codec<T>: how a property's type is named, read from a Value and written to one.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/units.h"
#include "base/value.h"

namespace siskin {

// The bounds a row may put on a number.
struct NumberRange {
    std::uint64_t min = 0;
    std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

namespace codec_detail {

// A JSON number, or a string "12" or "0x1f" (the command line has nothing but strings).
[[nodiscard]] std::optional<std::uint64_t> number_of(const Value& value);
[[nodiscard]] std::optional<bool> boolean_of(const Value& value);
// As number_of, and strings with a suffix k, M, G, T, P or E.
[[nodiscard]] std::optional<std::uint64_t> size_of(const Value& value);

}  // namespace codec_detail

// Specialise for a type to make it a property's type:
//   type_name   the QOM name: "uint16", "bool", "str", "size", ...
//   parse       nothing when the value does not fit
//   print       the value as QMP shows it
//   allowed     completes "allowed is ..."
template <typename T>
struct Codec;

template <>
struct Codec<bool> {
    static constexpr std::string_view type_name = "bool";
    static std::optional<bool> parse(const Value& value, const NumberRange&) {
        return codec_detail::boolean_of(value);
    }
    static Value print(bool value) { return value; }
    static std::string allowed(const NumberRange&) { return "on or off"; }
};

template <std::unsigned_integral Integer>
struct Codec<Integer> {
    static constexpr std::string_view type_name = sizeof(Integer) == 1   ? "uint8"
                                                  : sizeof(Integer) == 2 ? "uint16"
                                                  : sizeof(Integer) == 4 ? "uint32"
                                                                         : "uint64";
    static constexpr std::uint64_t kMax = std::numeric_limits<Integer>::max();

    static std::optional<Integer> parse(const Value& value, const NumberRange& range) {
        const auto number = codec_detail::number_of(value);
        if (!number || *number < range.min || *number > range.max || *number > kMax) {
            return std::nullopt;
        }
        return static_cast<Integer>(*number);
    }
    static Value print(Integer value) { return std::uint64_t{value}; }
    static std::string allowed(const NumberRange& range) {
        return concat("a number from ", range.min, " to ", range.max < kMax ? range.max : kMax);
    }
};

template <>
struct Codec<std::string> {
    static constexpr std::string_view type_name = "str";
    static std::optional<std::string> parse(const Value& value, const NumberRange&) {
        const std::string* const text = value.as_string();
        // A NUL would cut the text for every C interface behind it.
        if (text == nullptr || text->find('\0') != std::string::npos) {
            return std::nullopt;
        }
        return *text;
    }
    static Value print(const std::string& value) { return value; }
    static std::string allowed(const NumberRange&) { return "a string without NUL"; }
};

template <>
struct Codec<ByteCount> {
    static constexpr std::string_view type_name = "size";
    static std::optional<ByteCount> parse(const Value& value, const NumberRange& range) {
        const auto number = codec_detail::size_of(value);
        if (!number || *number < range.min || *number > range.max) {
            return std::nullopt;
        }
        return ByteCount{*number};
    }
    static Value print(ByteCount value) { return value.value(); }
    static std::string allowed(const NumberRange& range) {
        return concat("a size from ", range.min, " to ", range.max,
                      " bytes, with an optional suffix k, M, G, T, P or E");
    }
};

// Not given, or given: for properties whose default is "chosen by siskin".
template <typename T>
struct Codec<std::optional<T>> {
    static constexpr std::string_view type_name = Codec<T>::type_name;
    static std::optional<std::optional<T>> parse(const Value& value, const NumberRange& range) {
        auto inner = Codec<T>::parse(value, range);
        return inner ? std::optional<std::optional<T>>(std::move(inner)) : std::nullopt;
    }
    static Value print(const std::optional<T>& value) {
        return value ? Codec<T>::print(*value) : Value();
    }
    static std::string allowed(const NumberRange& range) { return Codec<T>::allowed(range); }
};

}  // namespace siskin
