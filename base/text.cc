// SPDX-License-Identifier: Apache-2.0
// Text helpers.
#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace siskin {

std::string hex(std::uint64_t number, int width) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    const auto length = static_cast<int>(end - digits.data());
    std::string out = "0x";
    out.append(static_cast<std::size_t>(std::max(width - length, 0)), '0');
    out.append(digits.data(), end);
    return out;
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, number, base);
    if (status != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return number;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return parse_unsigned(text.substr(2), 16);
    }
    return parse_unsigned(text, 10);
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
    std::string out;
    std::string_view before;
    for (const std::string& part : parts) {
        out += before;
        out += part;
        before = between;
    }
    return out;
}

std::string printable(std::string_view text, std::size_t length_max) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const char character : text.substr(0, length_max)) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte >= 0x20 && byte < 0x7f) {
            out += character;
        } else {
            out += "\\x";
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 0xfU];
        }
    }
    if (text.size() > length_max) {
        out += "...";
    }
    return out;
}

}  // namespace siskin
