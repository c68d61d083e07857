// SPDX-License-Identifier: Apache-2.0
// What is told of statistics.
#include "vmm/machine/statistics_report.h"

#include <algorithm>
#include <span>
#include <utility>

namespace siskin {
namespace {

qmp::StatsType type_of(StatisticKind kind) {
    switch (kind) {
        case StatisticKind::Cumulative: return qmp::StatsType::Cumulative;
        case StatisticKind::Instant: return qmp::StatsType::Instant;
        case StatisticKind::Peak: return qmp::StatsType::Peak;
        case StatisticKind::LinearHistogram: return qmp::StatsType::LinearHistogram;
        case StatisticKind::LogHistogram: return qmp::StatsType::Log2Histogram;
    }
    return qmp::StatsType::Instant;
}

std::optional<qmp::StatsUnit> unit_of(StatisticUnit unit) {
    switch (unit) {
        case StatisticUnit::None: return std::nullopt;
        case StatisticUnit::Bytes: return qmp::StatsUnit::Bytes;
        case StatisticUnit::Seconds: return qmp::StatsUnit::Seconds;
        case StatisticUnit::Cycles: return qmp::StatsUnit::Cycles;
        case StatisticUnit::Boolean: return qmp::StatsUnit::Boolean;
    }
    return std::nullopt;
}

bool is_named(const std::optional<std::vector<std::string>>& names, const std::string& name) {
    return !names || std::find(names->begin(), names->end(), name) != names->end();
}

}  // namespace

WantedStatistics wanted_of_kvm(const qmp::StatsFilter& filter) {
    if (!filter.providers) {
        return {true, std::nullopt};
    }
    WantedStatistics wanted;
    for (const qmp::StatsRequest& request : *filter.providers) {
        if (wanted.any && (!wanted.names || !request.names)) {
            wanted.names.reset();
        } else if (wanted.any) {
            wanted.names->insert(wanted.names->end(), request.names->begin(), request.names->end());
        } else {
            wanted = {true, request.names};
        }
    }
    return wanted;
}

bool wants_vcpu(const qmp::StatsFilter& filter, const std::string& qom_path) {
    if (!filter.as_vcpu || !filter.as_vcpu->vcpus) {
        return true;
    }
    const auto& paths = *filter.as_vcpu->vcpus;
    return std::find(paths.begin(), paths.end(), qom_path) != paths.end();
}

Result<qmp::StatsResult> report(const KvmStatistics& statistics,
                                const std::optional<std::vector<std::string>>& names,
                                std::optional<std::string> qom_path) {
    qmp::StatsResult result;
    result.provider = qmp::StatsProvider::Kvm;
    result.qom_path = std::move(qom_path);
    const std::vector<std::uint64_t> values = SISKIN_TRY(statistics.read());
    for (const Statistic& statistic : statistics.all()) {
        if (!is_named(names, statistic.name)) {
            continue;
        }
        const auto own = std::span(values).subspan(statistic.first, statistic.count);
        qmp::Stats entry;
        entry.name = statistic.name;
        if (own.size() > 1) {
            entry.value.as_list.emplace(own.begin(), own.end());
        } else if (statistic.unit == StatisticUnit::Boolean) {
            entry.value.as_boolean = own.front() != 0;
        } else {
            entry.value.as_scalar = own.front();
        }
        result.stats.push_back(std::move(entry));
    }
    return result;
}

qmp::StatsSchema describe(const KvmStatistics& statistics, qmp::StatsTarget target) {
    qmp::StatsSchema schema;
    schema.provider = qmp::StatsProvider::Kvm;
    schema.target = target;
    for (const Statistic& statistic : statistics.all()) {
        qmp::StatsSchemaValue value;
        value.name = statistic.name;
        value.type = type_of(statistic.kind);
        value.unit = unit_of(statistic.unit);
        if (statistic.exponent != 0) {
            value.base = static_cast<std::int8_t>(statistic.base);
        }
        value.exponent = static_cast<std::int16_t>(statistic.exponent);
        if (statistic.kind == StatisticKind::LinearHistogram) {
            value.bucket_size = statistic.bucket_size;
        }
        schema.stats.push_back(std::move(value));
    }
    return schema;
}

}  // namespace siskin
