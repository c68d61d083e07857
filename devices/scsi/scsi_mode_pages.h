// SPDX-License-Identifier: Apache-2.0
// MODE SENSE and MODE SELECT.
#pragma once

#include <cstdint>
#include <span>

#include "devices/scsi/scsi_command.h"
#include "devices/scsi/scsi_options.h"
#include "devices/scsi/scsi_reply.h"
#include "devices/scsi/scsi_sense.h"
#include "devices/scsi/scsi_unit_state.h"

namespace siskin {

// What MODE SELECT takes at most, in bytes; all pages that can be changed are shorter.
inline constexpr std::size_t kModeListSizeMax = 256;

// SPC-4 §6.11 and §6.12: pages 01 and 08 (SBC-3 §6.4); of CDs also 0E and 2A (MMC-6 §7).
[[nodiscard]] ScsiSense mode_sense(const ScsiCommand& command, const ScsiUnitOptions& options,
                                   const ScsiUnitState& state, ScsiReply& reply);

// SPC-4 §6.9 and §6.10. What may be changed is a disk's write cache: into `write_cache`.
[[nodiscard]] ScsiSense mode_select(const ScsiCommand& command, const ScsiUnitOptions& options,
                                    const ScsiUnitState& state, std::span<const std::uint8_t> list,
                                    bool& write_cache);

}  // namespace siskin
