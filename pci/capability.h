// SPDX-License-Identifier: Apache-2.0
// Capabilities that are the same in every function: power management and the head of MSI-X.
#pragma once

#include <cstdint>
#include <optional>

#include "pci/config_space.h"

namespace siskin {

// D0 and D3hot, no PME, no soft reset (PCIe 5.0 §7.5.2). Returns its offset.
std::uint16_t add_power_capability(ConfigSpace& config);
// A guest wrote: a state we do not have (D1, D2) falls back to `before` (PCIe 5.0 §5.3.1).
void settle_power_state(ConfigSpace& config, std::uint16_t capability, std::uint16_t before);
[[nodiscard]] bool is_in_d0(const ConfigSpace& config, std::uint16_t capability);

// Where the MSI-X table and its pending bits lie.
struct MsixPlacement {
    std::uint8_t table_bar = 0;
    std::uint32_t table_offset = 0;  // a multiple of 8
    std::uint8_t pending_bar = 0;
    std::uint32_t pending_offset = 0;  // a multiple of 8
};
// Returns its offset.
std::uint16_t add_msix_capability(ConfigSpace& config, std::uint16_t vector_count,
                                  const MsixPlacement& placement,
                                  std::optional<std::uint16_t> offset = std::nullopt);

}  // namespace siskin
