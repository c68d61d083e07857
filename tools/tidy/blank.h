// SPDX-License-Identifier: Apache-2.0
// Turning comments and literals of C++ into spaces, so that lints see code alone.
#pragma once

#include <string>
#include <string_view>

namespace siskin::tidy {

// The same text, byte for byte as long, with line ends kept: comments become spaces, and so does
// what stands between the quotes of strings and characters.
[[nodiscard]] std::string blank_comments_and_literals(std::string_view text);

// The line without its preprocessor directive's meaning: spaces where it is a directive or the
// continuation of one. `continued` carries over from line to line; begin with false.
[[nodiscard]] std::string blank_directive(std::string_view line, bool& continued);

}  // namespace siskin::tidy
