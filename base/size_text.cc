// SPDX-License-Identifier: Apache-2.0
// Sizes with suffixes.
#include "base/size_text.h"

#include "base/text.h"

namespace siskin {

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
