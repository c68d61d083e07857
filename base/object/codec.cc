// SPDX-License-Identifier: Apache-2.0
// Reading numbers, booleans and sizes out of Values.
#include "base/object/codec.h"

#include "base/size_text.h"

namespace siskin {
namespace codec_detail {

std::optional<std::uint64_t> number_of(const Value& value) {
    if (const auto* const number = value.as_int()) {
        return *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
    }
    if (const auto* const number = value.as_uint()) {
        return *number;
    }
    const std::string* const text = value.as_string();
    return text != nullptr ? parse_number(*text) : std::nullopt;
}

std::optional<bool> boolean_of(const Value& value) {
    if (const bool* const boolean = value.as_bool()) {
        return *boolean;
    }
    const std::string* const text = value.as_string();
    if (text == nullptr) {
        return std::nullopt;
    }
    if (*text == "on" || *text == "true" || *text == "yes" || *text == "y") {
        return true;
    }
    if (*text == "off" || *text == "false" || *text == "no" || *text == "n") {
        return false;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> size_of(const Value& value) {
    const std::string* const text = value.as_string();
    return text != nullptr ? parse_size(*text) : number_of(value);
}

}  // namespace codec_detail

}  // namespace siskin
