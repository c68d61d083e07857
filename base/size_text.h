// SPDX-License-Identifier: Apache-2.0
// Sizes in bytes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace siskin {

// "512", "4k", "1G": suffixes b, k, M, G, T, P and E of either case, or a number with 0x.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace siskin
