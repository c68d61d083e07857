// SPDX-License-Identifier: Apache-2.0
// Numbers and columns of the human monitor's tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace siskin::hmp {

// 00001f: without a prefix, filled with zeros up to `width` digits.
[[nodiscard]] std::string hex_digits(std::uint64_t number, std::size_t width = 0);
[[nodiscard]] std::string octal_digits(std::uint64_t number);
// Spaces before, or behind, up to `width` bytes.
[[nodiscard]] std::string right_aligned(std::string_view text, std::size_t width);
[[nodiscard]] std::string left_aligned(std::string_view text, std::size_t width);
// "512 B", "1.5 GiB": the largest unit that leaves at least 1, three significant digits.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace siskin::hmp
