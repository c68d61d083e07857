// SPDX-License-Identifier: Apache-2.0
// The QMP commands of the group stats.
#pragma once

#include <vector>

#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"

namespace siskin {

// Reads from the kernel, beside vCPUs that run. Thread: VM loop.
class StatsHandlers final : public qmp::StatsCommands {
public:
    explicit StatsHandlers(const Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<std::vector<qmp::StatsResult>> query_stats(
        const qmp::StatsFilter& arguments) override;
    [[nodiscard]] Result<std::vector<qmp::StatsSchema>> query_stats_schemas(
        const qmp::QueryStatsSchemasArguments& arguments) override;

private:
    const Machine& machine_;
};

}  // namespace siskin
