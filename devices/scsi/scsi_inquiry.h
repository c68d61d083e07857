// SPDX-License-Identifier: Apache-2.0
// INQUIRY and READ CAPACITY: what a unit is.
#pragma once

#include <cstdint>

#include "devices/scsi/scsi_command.h"
#include "devices/scsi/scsi_options.h"
#include "devices/scsi/scsi_reply.h"
#include "devices/scsi/scsi_sense.h"

namespace siskin {

// SPC-4 §6.6: the standard data, and the vital product data pages 00, 80, 83; of disks also B0, B1
// and B2 (SBC-3 §6.5).
[[nodiscard]] ScsiSense inquiry(const ScsiCommand& command, const ScsiUnitOptions& options,
                                ScsiReply& reply);

// SBC-3 §5.15 and §5.16; `blocks` is not 0.
[[nodiscard]] ScsiSense read_capacity_10(const ScsiCommand& command, const ScsiUnitOptions& options,
                                         std::uint64_t blocks, ScsiReply& reply);
[[nodiscard]] ScsiSense read_capacity_16(const ScsiCommand& command, const ScsiUnitOptions& options,
                                         std::uint64_t blocks, ScsiReply& reply);

}  // namespace siskin
