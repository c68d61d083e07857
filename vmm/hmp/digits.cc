// SPDX-License-Identifier: Apache-2.0
// Numbers as digits.
#include "vmm/hmp/digits.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace siskin::hmp {
namespace {

// `bits` a digit.
std::string digits(std::uint64_t number, unsigned bits) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    do {
        text.insert(text.begin(), kDigits[number & ((1U << bits) - 1)]);
        number >>= bits;
    } while (number != 0);
    return text;
}

}  // namespace

std::string hex_digits(std::uint64_t number, std::size_t width) {
    const std::string text = digits(number, 4);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

std::string octal_digits(std::uint64_t number) {
    return digits(number, 3);
}

std::string right_aligned(std::string_view text, std::size_t width) {
    return std::string(text.size() < width ? width - text.size() : 0, ' ').append(text);
}

std::string left_aligned(std::string_view text, std::size_t width) {
    return std::string(text).append(text.size() < width ? width - text.size() : 0, ' ');
}

std::string size_text(std::uint64_t bytes) {
    static constexpr std::array<std::string_view, 7> kUnits{"B",   "KiB", "MiB", "GiB",
                                                            "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) {
        value /= 1024;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%0.3g", value);
    return concat(text.data(), ' ', kUnits[unit]);
}

}  // namespace siskin::hmp
