// SPDX-License-Identifier: Apache-2.0
// Indents JSON text for people, as QEMU's pretty monitors do.
#pragma once

#include <string>
#include <string_view>

namespace siskin::qmp {

// One member or element a line, four spaces a level, lines ended by CR LF; a container without
// members takes two lines. `json` is one text as JsonWriter makes it.
[[nodiscard]] std::string pretty_json(std::string_view json);

}  // namespace siskin::qmp
