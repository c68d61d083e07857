// SPDX-License-Identifier: Apache-2.0
// Formats of memory and values.
#include "vmm/hmp/memory_format.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

constexpr std::size_t kNarrowLine = 8;  // bytes in a line of single bytes
constexpr std::size_t kWideLine = 16;   // of larger units

bool is_space(char character) {
    return std::isspace(static_cast<unsigned char>(character)) != 0;
}

Result<std::uint64_t> take_count(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && text[length] >= '0' && text[length] <= '9') {
        ++length;
    }
    if (length == 0) {
        return std::uint64_t{1};
    }
    const std::optional<std::uint64_t> count = parse_unsigned(text.substr(0, length));
    text.remove_prefix(length);
    return count ? Result<std::uint64_t>(*count) : fail("count in format is too large");
}

std::optional<std::size_t> unit_of(char letter) {
    switch (letter) {
        case 'b': return 1;
        case 'h': return 2;
        case 'w': return 4;
        case 'g':
        case 'L': return 8;
        default: return std::nullopt;
    }
}

Result<> take_letter(char letter, FormatDefaults& defaults) {
    if (letter == 'i') {
        return fail("format 'i' needs a disassembler, which siskin does not have");
    }
    if (std::string_view("xduoc").find(letter) != std::string_view::npos) {
        defaults.letter = letter;
    } else if (const auto unit = unit_of(letter)) {
        defaults.unit = *unit;
    } else {
        return fail(concat("invalid char in format: '", letter, "'"));
    }
    return {};
}

std::uint64_t load(std::span<const std::byte> bytes) {
    std::uint64_t value = 0;
    for (std::size_t at = bytes.size(); at-- > 0;) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[at]);
    }
    return value;
}

std::string octal_text(std::uint64_t value) {
    return value == 0 ? "0" : concat('0', octal_digits(value));
}

// Of a value wider than a character, all of its digits.
std::string character_text(std::uint64_t value) {
    switch (value) {
        case '\'': return "'\\''";
        case '\\': return "'\\\\'";
        case '\n': return "'\\n'";
        case '\r': return "'\\r'";
        default: break;
    }
    if (value >= 0x20 && value <= 0x7e) {
        return concat('\'', static_cast<char>(value), '\'');
    }
    return concat("'\\x", hex_digits(value, 2), '\'');
}

// One unit, aligned for its column.
std::string unit_text(char letter, std::uint64_t value, std::size_t unit) {
    const std::size_t bits = unit * 8;
    const std::size_t decimal_width = (bits * 10 + 32) / 33;
    switch (letter) {
        case 'd':
            return right_aligned(std::to_string(static_cast<std::int64_t>(value)), decimal_width);
        case 'u': return right_aligned(std::to_string(value), decimal_width);
        case 'o': return right_aligned(octal_text(value), (bits + 2) / 3);
        case 'c': return character_text(value);
        default: return concat("0x", hex_digits(value, bits / 4));
    }
}

}  // namespace

Result<MemoryFormat> take_format(std::string_view& text, FormatDefaults& defaults) {
    MemoryFormat format;
    FormatDefaults next = defaults;
    if (text.starts_with('/')) {
        text.remove_prefix(1);
        format.count = SISKIN_TRY(take_count(text));
        while (!text.empty() && !is_space(text.front())) {
            SISKIN_TRY(take_letter(text.front(), next));
            text.remove_prefix(1);
        }
        while (!text.empty() && is_space(text.front())) {
            text.remove_prefix(1);
        }
    }
    defaults = next;
    format.letter = next.letter;
    format.unit = next.unit;
    return format;
}

Result<std::size_t> dump_size(const MemoryFormat& format) {
    const std::uint64_t count_max = kDumpBytesMax / format.unit;
    if (format.count > count_max) {
        return fail(concat("count is ", format.count, ", the most for units of ", format.unit,
                           format.unit == 1 ? " byte is " : " bytes is ", count_max));
    }
    return static_cast<std::size_t>(format.count * format.unit);
}

std::string dump_text(const MemoryFormat& format, std::uint64_t address,
                      std::span<const std::byte> bytes, std::size_t size) {
    const std::size_t line_size = format.unit == 1 ? kNarrowLine : kWideLine;
    const std::size_t unit = format.letter == 'c' ? 1 : format.unit;
    std::string text;
    for (std::size_t at = 0; at < size; at += line_size) {
        const std::size_t length = std::min(line_size, size - at);
        text += concat(hex_digits(address + at, 16), ':');
        if (at + length > bytes.size()) {
            return text + " Cannot access memory\n";
        }
        for (std::size_t inside = 0; inside < length; inside += unit) {
            const std::uint64_t value = load(bytes.subspan(at + inside, unit));
            text += concat(' ', unit_text(format.letter, value, unit));
        }
        text += '\n';
    }
    return text;
}

std::string value_text(char letter, std::uint64_t value) {
    switch (letter) {
        case 'd': return std::to_string(static_cast<std::int64_t>(value));
        case 'u': return std::to_string(value);
        case 'o': return octal_text(value);
        case 'c': return character_text(value);
        default: return value == 0 ? "0" : concat("0x", hex_digits(value));
    }
}

}  // namespace siskin::hmp
