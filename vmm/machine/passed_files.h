// SPDX-License-Identifier: Apache-2.0
// The descriptors of -add-fd.
#pragma once

#include "base/fd_sets.h"
#include "base/result.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// Puts duplicates into `sets` and closes the descriptors themselves. Before siskin opens anything,
// so that whatever is open was passed. Errors: fd or set is missing; a descriptor that is a
// standard stream, is not open, or would not have been passed (close-on-exec).
[[nodiscard]] Result<> take_passed_files(const MachineConfig& config, FdSets& sets);

}  // namespace siskin
