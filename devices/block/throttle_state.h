// SPDX-License-Identifier: Apache-2.0
// ThrottleState: decides when a request may go so that limits are kept exactly; knows no clock.
#pragma once

#include <array>
#include <cstdint>

#include "devices/block/throttle_limits.h"

namespace siskin {

// A leaky bucket: each request fills it by its cost, and it runs out at a constant rate. A request
// may go while the level is at most `depth`; it may fill the bucket beyond, and is paid for by
// those behind it. So the long-run rate is the limit exactly, whatever the sizes and however late a
// timer is; and in any window no more than rate * window + depth + one request goes. Levels are
// whole numbers, of units * 10^9: nothing is rounded away.
class LeakyBucket {
public:
    // Units a second; `depth` in units * 10^9. A rate of 0 holds nothing up.
    void configure(std::uint64_t rate, unsigned __int128 depth);
    // Lets it run out for `elapsed_ns`.
    void leak(std::uint64_t elapsed_ns);
    // Nanoseconds until a request may go; 0: now.
    [[nodiscard]] std::uint64_t wait_ns() const;
    // Units * 10^9.
    void fill(unsigned __int128 cost);

private:
    unsigned __int128 level_ = 0;
    unsigned __int128 depth_ = 0;
    std::uint64_t rate_ = 0;
};

// All limits of a disk or a group. Times are nanoseconds of one clock that never goes back; if it
// does, it counts as standing still. Thread: one at a time.
class ThrottleState {
public:
    // What may go at once after a pause without a burst configured, as time at the limit's rate: 5
    // % of a window of 100 ms. It also makes up for timers that are late by less.
    static constexpr std::uint64_t kSlackNs = 5'000'000;
    // The longest wait that is told; then it is asked again.
    static constexpr std::uint64_t kWaitMaxNs = 1'000'000'000;

    // The limits were checked. Levels begin empty.
    void configure(const ThrottleLimits& limits, std::uint64_t now_ns);
    [[nodiscard]] const ThrottleLimits& limits() const { return limits_; }

    // How long a request of this direction has to wait; 0: it may go now.
    [[nodiscard]] std::uint64_t wait_ns(bool is_write, std::uint64_t now_ns);
    // It goes.
    void account(bool is_write, std::uint64_t size, std::uint64_t now_ns);

private:
    // A limit is two buckets: its average, deep enough for a burst, and the burst's own rate.
    struct Pair {
        LeakyBucket average;
        LeakyBucket burst;
    };
    void advance(std::uint64_t now_ns);
    template <typename Function>
    void for_buckets(bool is_write, Function function);

    ThrottleLimits limits_;
    std::array<std::array<Pair, kThrottleScopes>, 2> buckets_;
    std::uint64_t last_ns_ = 0;
};

}  // namespace siskin
