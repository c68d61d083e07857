// SPDX-License-Identifier: Apache-2.0
// SipHash-1-3: a hash of short texts that nobody without the key can make collide.
// The variant of hash tables, as CPython and Rust have it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace siskin {

using SipHashKey = std::array<std::uint64_t, 2>;

// Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
[[nodiscard]] std::uint64_t siphash(const SipHashKey& key, std::string_view text);

// This process's own key, from the kernel's random numbers. Any thread.
[[nodiscard]] const SipHashKey& process_siphash_key();

}  // namespace siskin
