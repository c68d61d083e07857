// SPDX-License-Identifier: Apache-2.0
// KVM's statistics as QMP tells them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "qmp/generated/types.h"
#include "vmm/kvm/statistics.h"

namespace siskin {

// What the filter wants of KVM: nothing, all names (an empty list), or some.
struct WantedStatistics {
    bool any = false;
    std::optional<std::vector<std::string>> names;
};
[[nodiscard]] WantedStatistics wanted_of_kvm(const qmp::StatsFilter& filter);

// Whether the filter wants the virtual CPU of that path.
[[nodiscard]] bool wants_vcpu(const qmp::StatsFilter& filter, const std::string& qom_path);

// The values now; a path for a virtual CPU.
[[nodiscard]] Result<qmp::StatsResult> report(const KvmStatistics& statistics,
                                              const std::optional<std::vector<std::string>>& names,
                                              std::optional<std::string> qom_path);

[[nodiscard]] qmp::StatsSchema describe(const KvmStatistics& statistics, qmp::StatsTarget target);

}  // namespace siskin
