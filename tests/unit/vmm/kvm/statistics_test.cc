// SPDX-License-Identifier: Apache-2.0
// Proves vmm/kvm/statistics on prepared files (Linux: api.rst, KVM_GET_STATS_FD).
#include "vmm/kvm/statistics.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/vmm/kvm/statistics_file.h"

using siskin::Fd;
using siskin::KvmStatistics;
using siskin::StatisticKind;
using siskin::StatisticUnit;
using siskin::test::StatisticsFile;

namespace {

StatisticsFile three_statistics() {
    return StatisticsFile({
        {"exits", KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE, 0, {7}},
        {"wait_hist",
         KVM_STATS_TYPE_LOG_HIST | KVM_STATS_UNIT_SECONDS | KVM_STATS_BASE_POW10,
         -9,
         {1, 2, 3}},
        {"pages",
         KVM_STATS_TYPE_PEAK | KVM_STATS_UNIT_BYTES | KVM_STATS_BASE_POW2,
         10,
         {1ULL << 63}},
    });
}

std::string refusal(const StatisticsFile& statistics) {
    const auto parsed = KvmStatistics::parse(statistics.file());
    return parsed ? std::string("no error") : parsed.error().message;
}

}  // namespace

TEST_SUITE("vmm/kvm/statistics") {
    TEST_CASE("descriptions and values are read as the kernel lays them out") {
        const auto parsed = KvmStatistics::parse(three_statistics().file());

        REQUIRE(parsed.has_value());
        const auto& all = parsed->all();
        REQUIRE(all.size() == 3);
        CHECK(all[0].name == "exits");
        CHECK(all[0].kind == StatisticKind::Cumulative);
        CHECK(all[1].kind == StatisticKind::LogHistogram);
        CHECK(all[1].unit == StatisticUnit::Seconds);
        CHECK(all[1].exponent == -9);
        CHECK(all[1].base == 10);
        CHECK(all[1].first == 1);
        CHECK(all[1].count == 3);
        CHECK(all[2].base == 2);
        const auto values = parsed->read();
        REQUIRE(values.has_value());
        CHECK(*values == std::vector<std::uint64_t>{7, 1, 2, 3, 1ULL << 63});
    }

    TEST_CASE("a later kernel's kinds and units are left out, what follows them is not") {
        StatisticsFile statistics = three_statistics();
        statistics.descriptions[0].flags = 0xf;    // a kind
        statistics.descriptions[1].flags |= 0xf0;  // a unit
        const auto parsed = KvmStatistics::parse(statistics.file());

        REQUIRE(parsed.has_value());
        REQUIRE(parsed->all().size() == 1);
        CHECK(parsed->all()[0].name == "pages");
        CHECK(parsed->read() == std::vector<std::uint64_t>{1ULL << 63});
    }

    TEST_CASE("data in another order, with gaps, is found by its offsets") {
        StatisticsFile statistics = three_statistics();
        statistics.values = {99, 1ULL << 63, 99, 1, 2, 3, 7};
        statistics.descriptions[0].offset = 48;
        statistics.descriptions[1].offset = 24;
        statistics.descriptions[2].offset = 8;
        const auto parsed = KvmStatistics::parse(statistics.file());

        REQUIRE(parsed.has_value());
        CHECK(parsed->read() == std::vector<std::uint64_t>{7, 1, 2, 3, 1ULL << 63});
    }

    TEST_CASE("a name without its NUL ends with its room") {
        StatisticsFile statistics = three_statistics();
        statistics.names[0] = std::string(100, 'x');
        const auto parsed = KvmStatistics::parse(statistics.file());

        REQUIRE(parsed.has_value());
        CHECK(parsed->all()[0].name == std::string(StatisticsFile::kNameSize, 'x'));
    }

    TEST_CASE("descriptions beyond measure are errors before memory is spent on them") {
        StatisticsFile many = three_statistics();
        many.header.num_desc = 1025;
        StatisticsFile long_names = three_statistics();
        long_names.header.name_size = 257;
        StatisticsFile no_value = three_statistics();
        no_value.descriptions[1].size = 0;
        StatisticsFile many_values = three_statistics();
        many_values.descriptions[1].size = 1025;

        CHECK(refusal(many) ==
              "KVM tells of 1025 statistics with names of 48 bytes, the most are 1024 and 256");
        CHECK(refusal(long_names).find("names of 257 bytes") != std::string::npos);
        CHECK(refusal(no_value).find("a statistic of 0 values") != std::string::npos);
        CHECK(refusal(many_values).find("a statistic of 1025 values") != std::string::npos);
    }

    TEST_CASE("a file that ends early is an error, in its description and in its data") {
        StatisticsFile short_table = three_statistics();
        short_table.header.num_desc = 4;
        short_table.values.clear();
        StatisticsFile short_data = three_statistics();
        short_data.values.pop_back();
        const auto parsed = KvmStatistics::parse(short_data.file());

        CHECK(refusal(short_table) == "KVM's statistics end too early");
        CHECK_FALSE(KvmStatistics::parse(Fd()).has_value());
        REQUIRE(parsed.has_value());
        CHECK(parsed->read().error().message == "KVM's statistics end too early");
    }
}
