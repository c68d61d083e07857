// SPDX-License-Identifier: Apache-2.0
// Lists of small numbers as options have them: "3", "0-3", or a list of such.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/value.h"

namespace siskin {

// Ascending, no number twice. Nothing where the value is something else, a range goes backwards, or
// a number is above `last`, which bounds the result as well.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_number_list(const Value& value,
                                                                          std::uint64_t last);

}  // namespace siskin
