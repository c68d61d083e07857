// SPDX-License-Identifier: Apache-2.0
// Random numbers from a seed: the same ones in every run, so that what one found can be had again.
#pragma once

#include <cstdint>

namespace siskin::guest {

// Knuth's linear congruential generator; the upper bits are the good ones.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}

    [[nodiscard]] std::uint64_t next() { return std::uint64_t{half()} << 32 | half(); }
    // Below `limit`, which is not 0.
    [[nodiscard]] std::uint32_t below(std::uint32_t limit) { return half() % limit; }

private:
    std::uint32_t half() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>(state_ >> 32);
    }

    std::uint64_t state_;
};

}  // namespace siskin::guest
