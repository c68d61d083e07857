// SPDX-License-Identifier: Apache-2.0
// Capabilities without a life of their own, and power management and the head of MSI-X.
#pragma once

#include <cstdint>
#include <optional>

#include "pci/config_space.h"

namespace siskin {

// D0 and D3hot, no PME, no soft reset (PCIe 5.0 §7.5.2). Returns its offset.
std::uint16_t add_power_capability(ConfigSpace& config,
                                   std::optional<std::uint16_t> offset = std::nullopt);
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

// A bridge's subsystem (PCI-to-PCI Bridge 1.2 §3.2.5.13).
void add_subsystem_capability(ConfigSpace& config, std::uint16_t vendor_id,
                              std::uint16_t subsystem_id, std::uint16_t offset);
// The chassis of a conventional bridge, without slots (PCI-to-PCI Bridge 1.2 §13).
void add_slot_id_capability(ConfigSpace& config, std::uint8_t chassis);
// Access Control Services of a port: all but egress control (PCIe 5.0 §7.7.8). What it says has no
// effect: nothing here sends from function to function.
void add_acs_capability(ConfigSpace& config);
// PCIe 5.0 §7.9.3.
void add_serial_number_capability(ConfigSpace& config, std::uint64_t serial_number);
// Alternative Routing-ID Interpretation (PCIe 5.0 §7.8.8), no next function yet. Returns its
// offset.
std::uint16_t add_ari_capability(ConfigSpace& config);
// Address translation (PCIe 5.0 §10.5.1), no limit of outstanding invalidations. The guest may
// switch it on; as there is no IOMMU, what it says has no effect.
void add_ats_capability(ConfigSpace& config, bool page_aligned);

// What a bridge wants to have behind it for devices that come later. Nothing: no wish.
struct BridgeReserve {
    std::optional<std::uint32_t> buses;
    std::optional<std::uint64_t> io;              // bytes
    std::optional<std::uint64_t> memory;          // bytes
    std::optional<std::uint64_t> prefetchable32;  // bytes
    std::optional<std::uint64_t> prefetchable64;  // bytes
    friend bool operator==(const BridgeReserve&, const BridgeReserve&) = default;
};
// The hint for firmware that QEMU's documentation defines (docs/pcie_pci_bridge.txt). Not added
// where there is no wish.
void add_reserve_capability(ConfigSpace& config, const BridgeReserve& reserve);

}  // namespace siskin
