// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/throttle_options and throttle_groups.
#include "vmm/machine/throttle_options.h"

#include <doctest/doctest.h>

#include <string>

#include "vmm/machine/throttle_groups.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

using enum ThrottleScope;

std::string refusal(Value::Dict members) {
    const auto limits = take_throttle_limits(members, "throttling.", true);
    return limits ? std::string() : limits.error().message;
}

}  // namespace

TEST_SUITE("vmm/machine/throttle_options") {
    TEST_CASE("limits leave the members, by their long names and by -drive's old ones") {
        Value::Dict members{{"throttling.bps-read", "1M"},
                            {"throttling.bps-read-max", 2097152},
                            {"throttling.bps-read-max-length", "3"},
                            {"iops", "100"},
                            {"iops_max", "200"},
                            {"iops_size", "4096"},
                            {"file", "/d"}};

        const auto limits = take_throttle_limits(members, "throttling.", true);

        REQUIRE(limits.has_value());
        CHECK(limits->of(ThrottleUnit::Bytes, Read) == ThrottleLimit{1 << 20, 2 << 20, 3});
        CHECK(limits->of(ThrottleUnit::Requests, Total) == ThrottleLimit{100, 200, 1});
        CHECK(limits->iops_size == 4096);
        CHECK(members == Value::Dict{{"file", "/d"}});
    }

    TEST_CASE("an object's names begin with x-, and have no others") {
        Value::Dict members{{"x-iops-write", "5"}, {"iops", "7"}};
        const auto limits = take_throttle_limits(members, "x-", false);
        REQUIRE(limits.has_value());
        CHECK(limits->of(ThrottleUnit::Requests, Write).average == 5);
        CHECK(members == Value::Dict{{"iops", "7"}});
    }

    TEST_CASE("two names for one limit, no number, and what cannot be are refused (B16)") {
        CHECK(refusal({{"bps", "5"}, {"throttling.bps-total", "6"}}) ==
              "'throttling.bps-total' and its alias 'bps' can't be used at the same time");
        CHECK(refusal({{"bps", "-1"}}) == "Parameter 'bps' expects a number, not '-1'");
        CHECK(refusal({{"iops_rd", "x"}}) == "Parameter 'iops_rd' expects a number, not 'x'");
        CHECK(refusal({{"bps_max", "5"}}) ==
              "bps_max/iops_max require corresponding bps/iops values");
        CHECK(refusal({{"bps", "18446744073709551615"}}) ==
              "bps/iops/max values must be within [0, 1000000000000000]");
    }
}

TEST_SUITE("vmm/machine/throttle_groups") {
    TEST_CASE("an object stays until it is removed, and cannot be there twice") {
        ThrottleGroups groups;
        ThrottleLimits limits;
        limits.of(ThrottleUnit::Requests, Total).average = 5;
        REQUIRE(groups.add("g", limits).has_value());
        CHECK(groups.find_or_make("g")->limits() == limits);
        CHECK(groups.add("g", limits).error().message ==
              "attempt to add duplicate property 'g' to object (type 'container')");
        CHECK_FALSE(groups.add("0bad", limits).has_value());
        CHECK(groups.objects() == std::vector<std::string>{"g"});
        CHECK(groups.remove("g"));
        CHECK_FALSE(groups.remove("g"));
    }

    TEST_CASE("an object is used until its last user goes, whatever an I/O thread still holds") {
        ThrottleGroups groups;
        REQUIRE(groups.add("g", {}).has_value());
        const std::shared_ptr<ThrottleGroup> engine = groups.find("g");
        CHECK_FALSE(groups.is_used("g"));
        {
            const ThrottleGroupUse disk(engine);
            ThrottleGroupUse moved = ThrottleGroupUse(engine);
            const ThrottleGroupUse node(std::move(moved));
            CHECK(groups.is_used("g"));
        }

        CHECK_FALSE(groups.is_used("g"));
        CHECK(groups.remove("g"));
        CHECK(groups.find("g") == nullptr);
    }

    TEST_CASE("a group without an object is found while somebody uses it") {
        ThrottleGroups groups;
        const std::shared_ptr<ThrottleGroup> group = groups.find_or_make("g");
        CHECK(groups.find("g") == nullptr);

        const ThrottleGroupUse disk(group);

        CHECK(groups.find("g") == group);
        CHECK(groups.find("h") == nullptr);
    }

    TEST_CASE("disks that name the same group share it; with the last one it is gone") {
        ThrottleGroups groups;
        auto first = groups.find_or_make("g");
        CHECK(groups.find_or_make("g") == first);
        CHECK(groups.find_or_make("h") != first);
        ThrottleLimits limits;
        limits.of(ThrottleUnit::Bytes, Total).average = 5;
        first->configure(limits);
        first.reset();
        CHECK_FALSE(groups.find_or_make("g")->limits().any());
    }
}
