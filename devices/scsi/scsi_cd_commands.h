// SPDX-License-Identifier: Apache-2.0
// What a CD drive tells of its disc, beside what all units tell.
#pragma once

#include "devices/scsi/scsi_command.h"
#include "devices/scsi/scsi_reply.h"
#include "devices/scsi/scsi_sense.h"
#include "devices/scsi/scsi_unit_state.h"

namespace siskin {

// MMC-6 §6.25: one data track that is the whole disc. The drive is ready.
[[nodiscard]] ScsiSense read_toc(const ScsiCommand& command, const ScsiUnitState& state,
                                 ScsiReply& reply);
// MMC-6 §6.21: a finished disc of one session. The drive is ready.
[[nodiscard]] ScsiSense read_disc_information(const ScsiCommand& command, ScsiReply& reply);
// MMC-6 §6.6.
[[nodiscard]] ScsiSense get_configuration(const ScsiCommand& command, const ScsiUnitState& state,
                                          ScsiReply& reply);
// MMC-6 §6.7, polled. What was told is forgotten.
[[nodiscard]] ScsiSense get_event_status(const ScsiCommand& command, ScsiUnitState& state,
                                         ScsiReply& reply);

}  // namespace siskin
