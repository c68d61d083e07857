// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/statistics_report.
#include "vmm/machine/statistics_report.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/vmm/kvm/statistics_file.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

KvmStatistics some_statistics() {
    const test::StatisticsFile file({
        {"exits", KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE, 0, {7}},
        {"blocking", KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_BOOLEAN, 0, {1}},
        {"waits",
         KVM_STATS_TYPE_LINEAR_HIST | KVM_STATS_UNIT_SECONDS | KVM_STATS_BASE_POW10,
         -9,
         {4, 5},
         100},
    });
    return std::move(*KvmStatistics::parse(file.file()));
}

using Names = std::optional<std::vector<std::string>>;

}  // namespace

TEST_SUITE("vmm/machine/statistics_report") {
    TEST_CASE("numbers, truths and histograms are told as what they are") {
        const auto result = report(some_statistics(), Names(), "/cpu");

        REQUIRE(result.has_value());
        CHECK(result->qom_path == "/cpu");
        REQUIRE(result->stats.size() == 3);
        CHECK(result->stats[0].value.as_scalar == 7);
        CHECK(result->stats[1].value.as_boolean == true);
        CHECK(result->stats[2].value.as_list == std::vector<std::uint64_t>{4, 5});
    }

    TEST_CASE("names choose, and unknown ones choose nothing") {
        const auto one = report(some_statistics(), Names({"waits", "nope"}), std::nullopt);
        const auto none = report(some_statistics(), Names(std::vector<std::string>()), {});

        REQUIRE(one.has_value());
        REQUIRE(one->stats.size() == 1);
        CHECK(one->stats[0].name == "waits");
        CHECK(none->stats.empty());
    }

    TEST_CASE("the schema has units and bases where they say something") {
        const auto schema = describe(some_statistics(), qmp::StatsTarget::Vcpu);

        REQUIRE(schema.stats.size() == 3);
        CHECK(schema.target == qmp::StatsTarget::Vcpu);
        CHECK_FALSE(schema.stats[0].unit.has_value());
        CHECK_FALSE(schema.stats[0].base.has_value());
        CHECK(schema.stats[1].unit == qmp::StatsUnit::Boolean);
        CHECK(schema.stats[2].type == qmp::StatsType::LinearHistogram);
        CHECK(schema.stats[2].base == std::int8_t{10});
        CHECK(schema.stats[2].exponent == -9);
        CHECK(schema.stats[2].bucket_size == 100U);
    }

    TEST_CASE("a filter without providers wants all, several requests add up") {
        qmp::StatsFilter filter;
        CHECK(wanted_of_kvm(filter).any);
        CHECK_FALSE(wanted_of_kvm(filter).names.has_value());

        filter.providers = std::vector<qmp::StatsRequest>();
        CHECK_FALSE(wanted_of_kvm(filter).any);
        filter.providers->push_back({qmp::StatsProvider::Kvm, {{"a"}}});
        filter.providers->push_back({qmp::StatsProvider::Kvm, {{"b"}}});
        CHECK(wanted_of_kvm(filter).names == std::vector<std::string>{"a", "b"});
        filter.providers->push_back({qmp::StatsProvider::Kvm, std::nullopt});
        CHECK_FALSE(wanted_of_kvm(filter).names.has_value());
    }

    TEST_CASE("virtual CPUs are chosen by their paths") {
        qmp::StatsFilter filter;
        filter.target = qmp::StatsTarget::Vcpu;
        CHECK(wants_vcpu(filter, "/a"));

        filter.as_vcpu = qmp::StatsVCPUFilter{};
        CHECK(wants_vcpu(filter, "/a"));
        filter.as_vcpu->vcpus = std::vector<std::string>{"/b"};
        CHECK_FALSE(wants_vcpu(filter, "/a"));
        CHECK(wants_vcpu(filter, "/b"));
    }
}
