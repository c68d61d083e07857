// SPDX-License-Identifier: Apache-2.0
// The small capabilities.
#include "pci/capability.h"

#include "base/bits.h"
#include "base/result.h"

namespace siskin {

using namespace pci_spec;

std::uint16_t add_power_capability(ConfigSpace& config, std::optional<std::uint16_t> offset) {
    const std::uint16_t at = config.add_capability(kCapabilityPowerManagement, kPowerSize, offset);
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

void add_subsystem_capability(ConfigSpace& config, std::uint16_t vendor_id,
                              std::uint16_t subsystem_id, std::uint16_t offset) {
    const std::uint16_t at = config.add_capability(kCapabilitySubsystem, 8, offset);
    config.set16(at + 4U, vendor_id);
    config.set16(at + 6U, subsystem_id);
}

void add_slot_id_capability(ConfigSpace& config, std::uint8_t chassis) {
    constexpr std::uint8_t kFirstInChassis = 0x20;
    const std::uint16_t at = config.add_capability(kCapabilitySlotId, 4);
    config.set8(at + 2U, kFirstInChassis);
    config.set8(at + 3U, chassis);
    config.registers().set_writable(at + 3U, 1, 0xff);
}

void add_acs_capability(ConfigSpace& config) {
    // Source validation, translation blocking, request and completion redirect, upstream
    // forwarding, direct translated.
    constexpr std::uint16_t kServices = 0x005f;
    const std::uint16_t at = config.add_extended_capability(kExtendedAcs, 1, 8);
    config.set16(at + kAcsCapabilities, kServices);
    config.registers().set_writable(at + kAcsControl, 2, kServices);
}

void add_serial_number_capability(ConfigSpace& config, std::uint64_t serial_number) {
    const std::uint16_t at = config.add_extended_capability(kExtendedSerialNumber, 1, 12);
    config.registers().set(at + 4U, 8, serial_number);
}

std::uint16_t add_ari_capability(ConfigSpace& config) {
    return config.add_extended_capability(kExtendedAri, 1, 8);
}

void add_ats_capability(ConfigSpace& config, bool page_aligned) {
    const std::uint16_t at = config.add_extended_capability(kExtendedAts, 1, 8);
    config.set16(at + kAtsCapability, page_aligned ? kAtsPageAligned : std::uint16_t{0});
    config.registers().set_writable(at + kAtsControl, 2, kAtsControlMask);
}

void add_reserve_capability(ConfigSpace& config, const BridgeReserve& reserve) {
    constexpr std::uint8_t kSize = 32;
    constexpr std::uint8_t kTypeReserve = 1;
    constexpr std::uint32_t kNone32 = 0xffffffff;
    if (reserve == BridgeReserve{}) {
        return;
    }
    const auto narrow = [](const std::optional<std::uint64_t>& wish) {
        return wish ? static_cast<std::uint32_t>(*wish) : kNone32;
    };
    const std::uint16_t at = config.add_capability(kCapabilityVendor, kSize);
    config.set8(at + 2U, kSize);
    config.set8(at + 3U, kTypeReserve);
    config.set32(at + 4U, reserve.buses.value_or(kNone32));
    config.registers().set(at + 8U, 8, reserve.io.value_or(~std::uint64_t{0}));
    config.set32(at + 16U, narrow(reserve.memory));
    config.set32(at + 20U, narrow(reserve.prefetchable32));
    config.registers().set(at + 24U, 8, reserve.prefetchable64.value_or(~std::uint64_t{0}));
}

}  // namespace siskin
