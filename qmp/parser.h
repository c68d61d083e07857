// SPDX-License-Identifier: Apache-2.0
// The text of one JSON value, as the framer hands it out, to a Value.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace siskin::qmp {

// simdjson reads what is plain JSON; what it refuses, and every text with an escape or a single
// quote, goes to JsonReader, which knows QEMU's extensions and error texts. Duplicate keys are an
// error. Iterative: depth costs heap, not stack. Any thread.
[[nodiscard]] Result<Value> parse_json(std::string_view text);

}  // namespace siskin::qmp
