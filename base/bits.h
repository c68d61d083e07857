// SPDX-License-Identifier: Apache-2.0
// Bit and alignment arithmetic.
#pragma once

#include <cstdint>

namespace siskin {

[[nodiscard]] constexpr bool is_power_of_two(std::uint64_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

// `alignment` is a power of two. The result wraps to 0 above 2^64 - alignment.
[[nodiscard]] constexpr std::uint64_t align_up(std::uint64_t number, std::uint64_t alignment) {
    return (number + alignment - 1) & ~(alignment - 1);
}

[[nodiscard]] constexpr std::uint64_t align_down(std::uint64_t number, std::uint64_t alignment) {
    return number & ~(alignment - 1);
}

[[nodiscard]] constexpr bool is_aligned(std::uint64_t number, std::uint64_t alignment) {
    return (number & (alignment - 1)) == 0;
}

// All ones in the low `width_bytes` bytes (1..8): what an access of that width reads from nowhere.
[[nodiscard]] constexpr std::uint64_t all_ones(unsigned width_bytes) {
    return width_bytes >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (width_bytes * 8)) - 1;
}

}  // namespace siskin
