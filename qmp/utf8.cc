// SPDX-License-Identifier: Apache-2.0
// UTF-8, RFC 3629.
#include "qmp/utf8.h"

#include <array>

namespace siskin::qmp {
namespace {

// By length - 1: the bits that mark the first byte, and the least character of that length.
struct Form {
    unsigned char mask;
    unsigned char mark;
    char32_t least;
};
constexpr std::array<Form, 4> kForms{{
    {0x80, 0x00, 0x0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
}};
constexpr char32_t kLast = 0x10ffff;

unsigned char byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

}  // namespace

bool is_surrogate(char32_t character) {
    return character >= 0xd800 && character <= 0xdfff;
}

bool is_noncharacter(char32_t character) {
    return (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffeU) == 0xfffe;
}

Utf8Character take_utf8(std::string_view text) {
    const unsigned char first = byte_at(text, 0);
    std::size_t length = 1;
    while (length <= kForms.size() &&
           (first & kForms[length - 1].mask) != kForms[length - 1].mark) {
        ++length;
    }
    if (length > kForms.size()) {
        return {false, kReplacementCharacter, 1};
    }
    char32_t character = first & static_cast<unsigned char>(~kForms[length - 1].mask);
    for (std::size_t index = 1; index < length; ++index) {
        if (index >= text.size() || (byte_at(text, index) & 0xc0U) != 0x80) {
            return {false, kReplacementCharacter, index};
        }
        character = (character << 6U) | (byte_at(text, index) & 0x3fU);
    }
    const bool modified_null = length == 2 && character == 0;
    const bool overlong = character < kForms[length - 1].least && !modified_null;
    if (overlong || is_surrogate(character) || is_noncharacter(character) || character > kLast) {
        return {false, kReplacementCharacter, length};
    }
    return {true, character, length};
}

void append_utf8(std::string& out, char32_t character) {
    const auto append = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (character < 0x80) {
        append(character);
    } else if (character < 0x800) {
        append(0xc0U | (character >> 6U));
        append(0x80U | (character & 0x3fU));
    } else if (character < 0x10000) {
        append(0xe0U | (character >> 12U));
        append(0x80U | ((character >> 6U) & 0x3fU));
        append(0x80U | (character & 0x3fU));
    } else {
        append(0xf0U | (character >> 18U));
        append(0x80U | ((character >> 12U) & 0x3fU));
        append(0x80U | ((character >> 6U) & 0x3fU));
        append(0x80U | (character & 0x3fU));
    }
}

}  // namespace siskin::qmp
