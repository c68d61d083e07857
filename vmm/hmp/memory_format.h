// SPDX-License-Identifier: Apache-2.0
// The '/fmt' of x, xp and print, and the text these make of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace siskin::hmp {

// The format letter and unit that hold until another is named.
struct FormatDefaults {
    char letter = 'x';     // x, d, u, o or c
    std::size_t unit = 4;  // bytes: 1, 2, 4 or 8
};

struct MemoryFormat {
    std::uint64_t count = 1;  // units
    char letter = 'x';
    std::size_t unit = 4;
};

// Takes "/4xb " off the front of `text`, if it is there, and remembers what it says in `defaults`.
// Error: a character that means nothing here; 'i', as there is no disassembler; a count too large
// to hold.
[[nodiscard]] Result<MemoryFormat> take_format(std::string_view& text, FormatDefaults& defaults);

// What one x or xp shows at most; its text stays below the limit of a command's output.
inline constexpr std::uint64_t kDumpBytesMax = std::uint64_t{64} * 1024;

// Error: the format asks for more than kDumpBytesMax.
[[nodiscard]] Result<std::size_t> dump_size(const MemoryFormat& format);

// The lines of a dump of `size` bytes from `address`, of which `bytes` could be read. The line in
// which the first missing byte lies says so and is the last.
[[nodiscard]] std::string dump_text(const MemoryFormat& format, std::uint64_t address,
                                    std::span<const std::byte> bytes, std::size_t size);

// The value as print shows it.
[[nodiscard]] std::string value_text(char letter, std::uint64_t value);

}  // namespace siskin::hmp
