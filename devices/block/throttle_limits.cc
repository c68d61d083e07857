// SPDX-License-Identifier: Apache-2.0
// The checks of ThrottleLimits, in the words that users of QEMU know.
#include "devices/block/throttle_limits.h"

#include <algorithm>

#include "base/text.h"

namespace siskin {
namespace {

Result<> check_limit(const ThrottleLimit& limit) {
    constexpr std::uint64_t kMost = ThrottleLimits::kValueMax;
    if (limit.average > kMost || limit.max > kMost) {
        return fail(concat("bps/iops/max values must be within [0, ", kMost, "]"));
    }
    if (limit.burst_s == 0) {
        return fail("the burst length cannot be 0");
    }
    if (limit.burst_s > 1 && limit.max == 0) {
        return fail("burst length set without burst rate");
    }
    if (limit.max != 0 && limit.burst_s > kMost / limit.max) {
        return fail("burst length too high for this burst rate");
    }
    if (limit.max != 0 && limit.average == 0) {
        return fail("bps_max/iops_max require corresponding bps/iops values");
    }
    if (limit.max != 0 && limit.max < limit.average) {
        return fail("bps_max/iops_max cannot be lower than bps/iops");
    }
    return {};
}

}  // namespace

bool ThrottleLimits::any() const {
    return std::any_of(limits.begin(), limits.end(), [](const auto& scopes) {
        return std::any_of(scopes.begin(), scopes.end(),
                           [](const ThrottleLimit& limit) { return limit.average != 0; });
    });
}

Result<> check_throttle_limits(const ThrottleLimits& limits) {
    using enum ThrottleScope;
    bool any_requests = false;
    for (const ThrottleUnit unit : {ThrottleUnit::Bytes, ThrottleUnit::Requests}) {
        const auto used = [&](ThrottleScope scope, auto member) {
            return limits.of(unit, scope).*member != 0;
        };
        for (const auto member : {&ThrottleLimit::average, &ThrottleLimit::max}) {
            if (used(Total, member) && (used(Read, member) || used(Write, member))) {
                return fail(
                    "bps/iops/max total values and read/write values cannot be used at the same "
                    "time");
            }
            any_requests = any_requests ||
                           (unit == ThrottleUnit::Requests &&
                            (used(Total, member) || used(Read, member) || used(Write, member)));
        }
    }
    if (limits.iops_size != 0 && !any_requests) {
        return fail("iops size requires an iops value to be set");
    }
    if (limits.iops_size > ThrottleLimits::kValueMax) {
        return fail(concat("iops size must be within [0, ", ThrottleLimits::kValueMax, "]"));
    }
    for (const auto& scopes : limits.limits) {
        for (const ThrottleLimit& limit : scopes) {
            SISKIN_TRY(check_limit(limit));
        }
    }
    return {};
}

}  // namespace siskin
