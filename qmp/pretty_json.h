// SPDX-License-Identifier: Apache-2.0
// Indents JSON text for people, as QEMU's pretty monitors do.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace siskin::qmp {

// Bytes of indented text at most: a small text that is deeply nested would grow a thousandfold.
inline constexpr std::size_t kPrettyMax = std::size_t{8} << 20U;

// One member or element a line, four spaces a level, lines ended by CR LF; a container without
// members takes two lines. `json` is one text as JsonWriter makes it, and is returned as it is
// where its indented form would be longer than kPrettyMax.
[[nodiscard]] std::string pretty_json(std::string_view json);

}  // namespace siskin::qmp
