// SPDX-License-Identifier: Apache-2.0
// ThrottleLimits: how fast a disk, or a group of disks, may be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace siskin {

// One limit. Units a second are bytes or requests.
struct ThrottleLimit {
    std::uint64_t average = 0;  // 0: no limit
    std::uint64_t max = 0;      // of a burst; 0: no bursts
    std::uint64_t burst_s = 1;  // how long a burst may last, in seconds

    friend bool operator==(const ThrottleLimit&, const ThrottleLimit&) = default;
};

enum class ThrottleUnit { Bytes, Requests };
enum class ThrottleScope { Total, Read, Write };
inline constexpr std::size_t kThrottleScopes = 3;

struct ThrottleLimits {
    // The most of each number; QEMU's, too.
    static constexpr std::uint64_t kValueMax = 1'000'000'000'000'000;

    [[nodiscard]] ThrottleLimit& of(ThrottleUnit unit, ThrottleScope scope) {
        return limits[static_cast<std::size_t>(unit)][static_cast<std::size_t>(scope)];
    }
    [[nodiscard]] const ThrottleLimit& of(ThrottleUnit unit, ThrottleScope scope) const {
        return limits[static_cast<std::size_t>(unit)][static_cast<std::size_t>(scope)];
    }
    // Whether anything is limited.
    [[nodiscard]] bool any() const;

    std::array<std::array<ThrottleLimit, kThrottleScopes>, 2> limits;
    std::uint64_t iops_size = 0;  // bytes that count as one request; 0: each request is one

    friend bool operator==(const ThrottleLimits&, const ThrottleLimits&) = default;
};

// Errors: a value is beyond kValueMax, total and read or write are used together, a burst without
// its limit, below it, or of no length.
[[nodiscard]] Result<> check_throttle_limits(const ThrottleLimits& limits);

}  // namespace siskin
