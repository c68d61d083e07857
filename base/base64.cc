// SPDX-License-Identifier: Apache-2.0
// Base64.
#include "base/base64.h"

#include <algorithm>
#include <cstddef>

namespace siskin {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kGroupBytes = 3;
constexpr std::size_t kGroupCharacters = 4;
constexpr unsigned kBits = 6;  // of a character

// The text without its padding, where it has as much as it may.
std::optional<std::string_view> without_padding(std::string_view text) {
    const std::size_t end = text.find('=');
    if (end == std::string_view::npos) {
        return text;
    }
    const std::string_view padding = text.substr(end);
    const bool fills = text.size() % kGroupCharacters == 0 && padding.size() < kGroupBytes;
    if (!fills || padding.find_first_not_of('=') != std::string_view::npos) {
        return std::nullopt;
    }
    return text.substr(0, end);
}

}  // namespace

std::string base64_encode(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve((bytes.size() + kGroupBytes - 1) / kGroupBytes * kGroupCharacters);
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), kGroupBytes));
        std::uint32_t group = 0;
        for (std::size_t index = 0; index < kGroupBytes; ++index) {
            group = group << 8U | (index < part.size() ? part[index] : 0U);
        }
        for (std::size_t index = 0; index < kGroupCharacters; ++index) {
            const std::size_t shift = (kGroupCharacters - 1 - index) * kBits;
            text += index <= part.size() ? kAlphabet[group >> shift & 0x3fU] : '=';
        }
        bytes = bytes.subspan(part.size());
    }
    return text;
}

std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text) {
    const auto characters = without_padding(text);
    // One character alone is less than a byte.
    if (!characters || characters->size() % kGroupCharacters == 1) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> bytes;
    bytes.reserve(characters->size() * kGroupBytes / kGroupCharacters);
    std::uint32_t held = 0;
    unsigned held_bits = 0;
    for (const char character : *characters) {
        const std::size_t value = kAlphabet.find(character);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        held = (held << kBits | static_cast<std::uint32_t>(value)) & 0xffffU;
        held_bits += kBits;
        if (held_bits >= 8) {
            held_bits -= 8;
            bytes.push_back(static_cast<std::uint8_t>(held >> held_bits & 0xffU));
        }
    }
    return bytes;
}

}  // namespace siskin
