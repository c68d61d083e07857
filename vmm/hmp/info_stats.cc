// SPDX-License-Identifier: Apache-2.0
// info stats, from query-stats and query-stats-schemas.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

// "u" for 10^-6, "Ki" for 2^10; empty where there is none.
std::string_view prefix_of(int base, int exponent) {
    static constexpr int kDecimalFirst = -18;
    static constexpr std::array<std::string_view, 13> kDecimal{"a", "f", "p", "n", "u", "m", "",
                                                               "K", "M", "G", "T", "P", "E"};
    static constexpr std::array<std::string_view, 7> kBinary{"",   "Ki", "Mi", "Gi",
                                                             "Ti", "Pi", "Ei"};
    const int step = base == 10 ? (exponent - kDecimalFirst) / 3 : exponent / 10;
    const bool fits = base == 10 ? exponent % 3 == 0 && exponent >= kDecimalFirst
                                 : exponent % 10 == 0 && exponent >= 0;
    const auto index = static_cast<std::size_t>(step);
    if (base == 10) {
        return fits && index < kDecimal.size() ? kDecimal.at(index) : "";
    }
    return fits && index < kBinary.size() ? kBinary.at(index) : "";
}

// " ns", " MiB", " * 2^5 cycles"
std::string unit_text(const qmp::StatsSchemaValue& schema) {
    if (schema.unit == qmp::StatsUnit::Boolean) {
        return {};
    }
    std::string unit;
    if (schema.unit) {
        unit = *schema.unit == qmp::StatsUnit::Bytes     ? "B"
               : *schema.unit == qmp::StatsUnit::Seconds ? "s"
                                                         : " cycles";
    }
    if (schema.exponent == 0) {
        return unit.empty() ? unit : concat(", ", unit.substr(unit.find_first_not_of(' ')));
    }
    const int base = schema.base.value_or(10);
    const std::string_view prefix = prefix_of(base, schema.exponent);
    if (!prefix.empty() && !unit.empty() && unit.front() != ' ') {
        return concat(", ", prefix, unit);
    }
    return concat(", * ", base, "^", schema.exponent, unit);
}

std::string value_text(const qmp::StatsValue& value) {
    if (value.as_scalar) {
        return concat(*value.as_scalar);
    }
    if (value.as_boolean) {
        return *value.as_boolean ? "yes" : "no";
    }
    std::string text;
    if (value.as_list) {
        for (std::size_t index = 0; index < value.as_list->size(); ++index) {
            if (const std::uint64_t count = value.as_list->at(index); count != 0) {
                text += concat(text.empty() ? "" : " ", '[', index, "]=", count);
            }
        }
    }
    return text;
}

std::string line(const qmp::Stats& entry, const qmp::StatsSchema& schema) {
    const auto found = std::find_if(schema.stats.begin(), schema.stats.end(),
                                    [&](const auto& value) { return value.name == entry.name; });
    if (found == schema.stats.end()) {
        return concat("    ", entry.name, ": ", value_text(entry.value), '\n');
    }
    const std::string bucket =
        found->bucket_size ? concat(", bucket size=", *found->bucket_size) : std::string();
    return concat("    ", entry.name, " (", qmp::to_text(found->type), unit_text(*found), bucket,
                  "): ", value_text(entry.value), '\n');
}

std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> names;
    while (true) {
        const std::size_t comma = text.find(',');
        names.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) {
            return names;
        }
        text.remove_prefix(comma + 1);
    }
}

// The virtual CPU that the monitor has chosen.
Result<> choose_vcpu(Call& call, qmp::StatsFilter& filter) {
    const auto cpus = SISKIN_TRY(call.services.machine.query_cpus_fast());
    for (const qmp::CpuInfoFast& cpu : cpus) {
        if (cpu.cpu_index == std::int64_t{call.state.cpu}) {
            filter.as_vcpu = qmp::StatsVCPUFilter{std::vector{cpu.qom_path}};
        }
    }
    return {};
}

Result<> show(Call& call, qmp::StatsFilter filter) {
    if (filter.target == qmp::StatsTarget::Vcpu) {
        SISKIN_TRY(choose_vcpu(call, filter));
    }
    const auto results = SISKIN_TRY(call.services.stats.query_stats(filter));
    const auto schemas = SISKIN_TRY(call.services.stats.query_stats_schemas({}));
    const auto schema = std::find_if(schemas.begin(), schemas.end(), [&](const auto& candidate) {
        return candidate.target == filter.target;
    });
    if (schema == schemas.end()) {
        return {};
    }
    for (const qmp::StatsResult& result : results) {
        call.out += concat("provider: ", qmp::to_text(result.provider), '\n');
        for (const qmp::Stats& entry : result.stats) {
            call.out += line(entry, *schema);
        }
    }
    return {};
}

}  // namespace

Result<> info_stats(Call& call) {
    const auto target = SISKIN_TRY(call.arguments.take_word());
    const auto names = SISKIN_TRY(call.arguments.take_word());
    const auto provider = SISKIN_TRY(call.arguments.take_word());
    SISKIN_TRY(call.arguments.finish());
    if (!target) {
        return fail("stats: string expected");
    }
    if (*target != "vm" && *target != "vcpu") {
        call.out += concat("invalid stats target ", *target, '\n');
        return {};
    }
    if (provider && *provider != "kvm") {
        call.out += concat("invalid stats provider ", *provider, '\n');
        return {};
    }
    qmp::StatsFilter filter;
    filter.target = *target == "vm" ? qmp::StatsTarget::Vm : qmp::StatsTarget::Vcpu;
    if (names && *names != "*") {
        filter.providers = {qmp::StatsRequest{qmp::StatsProvider::Kvm, split_names(*names)}};
    }
    if (const auto shown = show(call, std::move(filter)); !shown) {
        print_error(call, shown.error());
    }
    return {};
}

}  // namespace siskin::hmp
