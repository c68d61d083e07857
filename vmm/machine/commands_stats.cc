// SPDX-License-Identifier: Apache-2.0
// Statistics over QMP.
#include "vmm/machine/commands_stats.h"

#include <utility>

#include "base/text.h"
#include "vmm/machine/commands_machine.h"
#include "vmm/machine/statistics_report.h"

namespace siskin {
namespace {

// The parser keeps its descriptor.
Result<KvmStatistics> parsed(const Fd& statistics) {
    return KvmStatistics::parse(SISKIN_TRY(statistics.duplicate()));
}

Result<> add_report(std::vector<qmp::StatsResult>& results, const Fd& statistics,
                    const WantedStatistics& wanted, std::optional<std::string> qom_path) {
    const KvmStatistics source = SISKIN_TRY(parsed(statistics));
    qmp::StatsResult result = SISKIN_TRY(report(source, wanted.names, std::move(qom_path)));
    if (!result.stats.empty()) {
        results.push_back(std::move(result));
    }
    return {};
}

}  // namespace

Result<std::vector<qmp::StatsResult>> StatsHandlers::query_stats(
    const qmp::StatsFilter& arguments) {
    std::vector<qmp::StatsResult> results;
    const WantedStatistics wanted = wanted_of_kvm(arguments);
    if (!wanted.any || !machine_.statistics().valid()) {
        return results;
    }
    if (arguments.target == qmp::StatsTarget::Vm) {
        SISKIN_TRY(add_report(results, machine_.statistics(), wanted, std::nullopt));
        return results;
    }
    for (const auto& vcpu : machine_.vcpus()) {
        std::string path = vcpu_qom_path(vcpu->id());
        if (wants_vcpu(arguments, path)) {
            SISKIN_TRY(add_report(results, vcpu->statistics(), wanted, std::move(path)));
        }
    }
    return results;
}

Result<std::vector<qmp::StatsSchema>> StatsHandlers::query_stats_schemas(
    const qmp::QueryStatsSchemasArguments&) {
    std::vector<qmp::StatsSchema> schemas;
    if (!machine_.statistics().valid()) {
        return schemas;
    }
    schemas.push_back(describe(SISKIN_TRY(parsed(machine_.statistics())), qmp::StatsTarget::Vm));
    const auto& vcpus = machine_.vcpus();
    schemas.push_back(
        describe(SISKIN_TRY(parsed(vcpus.front()->statistics())), qmp::StatsTarget::Vcpu));
    return schemas;
}

}  // namespace siskin
