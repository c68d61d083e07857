// SPDX-License-Identifier: Apache-2.0
// Small text helpers: concatenation for messages, numbers in and out, printable escapes.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace siskin {

namespace text_detail {

inline void append(std::string& out, std::string_view part) {
    out += part;
}
inline void append(std::string& out, char part) {
    out += part;
}

template <std::integral Integer>
requires(!std::same_as<Integer, char> && !std::same_as<Integer, bool>) void append(std::string& out,
                                                                                   Integer part) {
    out += std::to_string(part);
}

}  // namespace text_detail

// concat("num-queues is ", 65, ", the most is ", 64)
template <typename... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
    std::string out;
    (text_detail::append(out, parts), ...);
    return out;
}

// 0x1f; with `width` digits at least when given.
[[nodiscard]] std::string hex(std::uint64_t number, int width = 0);

// The whole text as a number in the given base, or nothing. No sign, no space, no prefix.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base = 10);

// As parse_unsigned, decimal or with a 0x prefix hexadecimal.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

// "a, b, c"
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view between);

// The text with everything but printable ASCII written as \xNN, cut at `length_max` bytes: for logs
// and messages that quote a client, a file or a guest.
[[nodiscard]] std::string printable(std::string_view text, std::size_t length_max = 128);

}  // namespace siskin
