// SPDX-License-Identifier: Apache-2.0
// Power management and MSI-X capabilities.
#include "pci/capability.h"

#include "base/bits.h"
#include "base/result.h"

namespace siskin {

using namespace pci_spec;

std::uint16_t add_power_capability(ConfigSpace& config) {
    const std::uint16_t at = config.add_capability(kCapabilityPowerManagement, kPowerSize);
    config.set16(at + kPowerCapabilities, kPowerVersion3);
    config.set16(at + kPowerControl, kPowerNoSoftReset);
    config.registers().set_writable(at + kPowerControl, 2, kPowerStateMask);
    return at;
}

void settle_power_state(ConfigSpace& config, std::uint16_t capability, std::uint16_t before) {
    const unsigned state = config.get16(capability + kPowerControl) & kPowerStateMask;
    if (state == 1 || state == 2) {
        config.update16(capability + kPowerControl, kPowerStateMask, before);
    }
}

bool is_in_d0(const ConfigSpace& config, std::uint16_t capability) {
    return (config.get16(capability + kPowerControl) & kPowerStateMask) == 0;
}

std::uint16_t add_msix_capability(ConfigSpace& config, std::uint16_t vector_count,
                                  const MsixPlacement& placement,
                                  std::optional<std::uint16_t> offset) {
    SISKIN_ASSERT(vector_count >= 1 && vector_count <= kMsixVectorMax);
    SISKIN_ASSERT(is_aligned(placement.table_offset, 8) && is_aligned(placement.pending_offset, 8));
    SISKIN_ASSERT(placement.table_bar < 6 && placement.pending_bar < 6);
    const std::uint16_t at = config.add_capability(kCapabilityMsix, kMsixSize, offset);
    config.set16(at + kMsixControl, static_cast<std::uint16_t>(vector_count - 1));
    config.registers().set_writable(at + kMsixControl, 2, kMsixEnable | kMsixFunctionMask);
    config.set32(at + kMsixTable, placement.table_offset | placement.table_bar);
    config.set32(at + kMsixPendingBits, placement.pending_offset | placement.pending_bar);
    return at;
}

}  // namespace siskin
