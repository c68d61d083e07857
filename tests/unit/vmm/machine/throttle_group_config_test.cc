// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/throttle_group_config by way of -object throttle-group.
#include "vmm/machine/throttle_group_config.h"

#include <doctest/doctest.h>

#include <string>

#include "vmm/machine/objects.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

using enum ThrottleScope;

Value::Dict group_with(Value::Dict members) {
    members.set("qom-type", "throttle-group");
    members.set("id", "tg");
    return members;
}

std::string refusal(Value::Dict members) {
    const auto planned = plan_object(group_with(std::move(members)));
    return planned ? std::string() : planned.error().message;
}

ThrottleLimits limits_of(Value::Dict members) {
    const auto planned = plan_object(group_with(std::move(members)));
    REQUIRE(planned.has_value());
    const auto limits =
        throttle_limits_of(*static_cast<const ThrottleGroupConfig*>(planned->config.get()));
    REQUIRE(limits.has_value());
    return *limits;
}

}  // namespace

TEST_SUITE("vmm/machine/throttle_group_config") {
    TEST_CASE("limits come one by one or together, and mean the same") {
        const ThrottleLimits single =
            limits_of({{"x-bps-read", 1000}, {"x-iops-total", "100"}, {"x-iops-total-max", 200}});
        const ThrottleLimits together = limits_of(
            {{"limits",
              Value::Dict{{"bps-read", 1000}, {"iops-total", 100}, {"iops-total-max", 200}}}});

        CHECK(single == together);
        CHECK(single.of(ThrottleUnit::Bytes, Read) == ThrottleLimit{1000, 0, 1});
        CHECK(single.of(ThrottleUnit::Requests, Total) == ThrottleLimit{100, 200, 1});
    }

    TEST_CASE("both ways at once are refused, and so is what is no limit") {
        CHECK(refusal({{"limits", Value::Dict{{"bps-read", 1}}}, {"x-bps-read", 1}}) ==
              "limits and the names with x- cannot be used at the same time");
        CHECK(refusal({{"limits", Value::Dict{{"speed", 1}}}})
                  .starts_with("Invalid parameter 'x-speed', allowed are x-bps-read"));
        CHECK_FALSE(refusal({{"x-bps-read", -1}}).empty());
    }

    TEST_CASE("limits that cannot be together are refused before anything is made") {
        CHECK_FALSE(refusal({{"x-bps-total", 1}, {"x-bps-read", 1}}).empty());
    }
}
