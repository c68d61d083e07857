// SPDX-License-Identifier: Apache-2.0
// Reading numbers, booleans and sizes out of Values.
#include "base/object/codec.h"

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

std::optional<std::uint64_t> parse_size(std::string_view text) {
    static constexpr std::string_view kSuffixes = "bkmgtpe";
    if (text.empty()) {
        return std::nullopt;
    }
    unsigned shift = 0;
    const char last = static_cast<char>(text.back() | 0x20);  // lower case
    if (const auto at = kSuffixes.find(last);
        at != std::string_view::npos && !text.starts_with("0x") && !text.starts_with("0X")) {
        shift = static_cast<unsigned>(at) * 10;
        text.remove_suffix(1);
    }
    const auto number = parse_number(text);
    if (!number || (*number << shift) >> shift != *number) {
        return std::nullopt;
    }
    return *number << shift;
}

}  // namespace siskin
