// SPDX-License-Identifier: Apache-2.0
// ThrottleState.
#include "devices/block/throttle_state.h"

#include <algorithm>

namespace siskin {
namespace {

using Wide = unsigned __int128;
constexpr std::uint64_t kScale = 1'000'000'000;
// Beyond all that limits can ask for, and far from where a sum would wrap.
constexpr Wide kLevelMax = Wide{1} << 120U;

Wide slack_of(std::uint64_t rate) {
    return Wide{rate} * ThrottleState::kSlackNs;
}

}  // namespace

void LeakyBucket::configure(std::uint64_t rate, Wide depth) {
    rate_ = rate;
    depth_ = depth;
    level_ = 0;
}

void LeakyBucket::leak(std::uint64_t elapsed_ns) {
    // At most 2^50 units a second for 2^64 ns: no wrap.
    level_ -= std::min(level_, Wide{rate_} * elapsed_ns);
}

std::uint64_t LeakyBucket::wait_ns() const {
    if (rate_ == 0 || level_ <= depth_) {
        return 0;
    }
    const Wide wait = (level_ - depth_ + rate_ - 1) / rate_;
    return static_cast<std::uint64_t>(std::min(wait, Wide{ThrottleState::kWaitMaxNs}));
}

void LeakyBucket::fill(Wide cost) {
    if (rate_ != 0) {
        level_ = std::min(level_ + std::min(cost, kLevelMax), kLevelMax);
    }
}

void ThrottleState::configure(const ThrottleLimits& limits, std::uint64_t now_ns) {
    limits_ = limits;
    last_ns_ = now_ns;
    for (std::size_t unit = 0; unit < buckets_.size(); ++unit) {
        for (std::size_t scope = 0; scope < kThrottleScopes; ++scope) {
            const ThrottleLimit& limit = limits.limits[unit][scope];
            Pair& pair = buckets_[unit][scope];
            const Wide burst = Wide{limit.max} * limit.burst_s * kScale;
            pair.average.configure(limit.average, std::max(burst, slack_of(limit.average)));
            pair.burst.configure(limit.max, slack_of(limit.max));
        }
    }
}

template <typename Function>
void ThrottleState::for_buckets(bool is_write, Function function) {
    const ThrottleScope own = is_write ? ThrottleScope::Write : ThrottleScope::Read;
    for (std::size_t unit = 0; unit < buckets_.size(); ++unit) {
        for (const ThrottleScope scope : {ThrottleScope::Total, own}) {
            function(static_cast<ThrottleUnit>(unit),
                     buckets_[unit][static_cast<std::size_t>(scope)]);
        }
    }
}

void ThrottleState::advance(std::uint64_t now_ns) {
    if (now_ns <= last_ns_) {
        return;
    }
    const std::uint64_t elapsed = now_ns - last_ns_;
    last_ns_ = now_ns;
    for (auto& scopes : buckets_) {
        for (Pair& pair : scopes) {
            pair.average.leak(elapsed);
            pair.burst.leak(elapsed);
        }
    }
}

std::uint64_t ThrottleState::wait_ns(bool is_write, std::uint64_t now_ns) {
    advance(now_ns);
    std::uint64_t wait = 0;
    for_buckets(is_write, [&](ThrottleUnit, Pair& pair) {
        wait = std::max({wait, pair.average.wait_ns(), pair.burst.wait_ns()});
    });
    return wait;
}

void ThrottleState::account(bool is_write, std::uint64_t size, std::uint64_t now_ns) {
    advance(now_ns);
    const Wide bytes = Wide{size} * kScale;
    const Wide requests = limits_.iops_size != 0 && size > limits_.iops_size
                              ? bytes / limits_.iops_size
                              : Wide{kScale};
    for_buckets(is_write, [&](ThrottleUnit unit, Pair& pair) {
        const Wide cost = unit == ThrottleUnit::Bytes ? bytes : requests;
        pair.average.fill(cost);
        pair.burst.fill(cost);
    });
}

}  // namespace siskin
