// SPDX-License-Identifier: Apache-2.0
// One character of UTF-8 at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace siskin::qmp {

inline constexpr char32_t kReplacementCharacter = 0xfffd;

// What stands at the front of a text.
struct Utf8Character {
    bool valid;
    char32_t character;
    std::size_t length;  // bytes to go on by, at least 1
};

// `text` is not empty. Invalid: overlong forms, surrogates, noncharacters, beyond U+10FFFF, cut
// off. The one overlong form taken is C0 80 for U+0000 (modified UTF-8), which QEMU's clients may
// send.
[[nodiscard]] Utf8Character take_utf8(std::string_view text);

// `character` is a Unicode scalar value.
void append_utf8(std::string& out, char32_t character);

[[nodiscard]] bool is_surrogate(char32_t character);
// U+FDD0 to U+FDEF and the last two of each plane: never a character of a text (Unicode §23.7).
[[nodiscard]] bool is_noncharacter(char32_t character);

}  // namespace siskin::qmp
