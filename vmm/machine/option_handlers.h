// SPDX-License-Identifier: Apache-2.0
// What each structured option does to the MachineConfig.
#pragma once

#include <string_view>

#include "base/result.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// `argument` is the text after the option. An error is without the option's name; the caller, who
// knows how it was spelled, puts that before it.
[[nodiscard]] Result<> apply_machine(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_accel(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_cpu(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_smp(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_memory(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_numa(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_name(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_uuid(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_log_items(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_message(MachineConfig& config, std::string_view argument);
[[nodiscard]] Result<> apply_display(MachineConfig& config, std::string_view argument);

}  // namespace siskin
