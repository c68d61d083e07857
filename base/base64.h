// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648 §4): bytes as text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace siskin {

// Four characters for three bytes, padded with '='.
[[nodiscard]] std::string base64_encode(std::span<const std::uint8_t> bytes);

// Nothing where the text is no base64. The padding at the end may be missing; white space, and
// text behind the padding, may not be there.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace siskin
