// SPDX-License-Identifier: Apache-2.0
// -drive as what it stands for: a block node and, with if=virtio, a device; -blockdev as a node.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/value.h"
#include "devices/block/block_on_error.h"
#include "devices/block/throttle_limits.h"
#include "qmp/generated/types.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// What a -drive says of the disk that will use it.
struct DrivePolicy {
    BlockOnError on_read_error = BlockOnError::Auto;
    BlockOnError on_write_error = BlockOnError::Auto;
    ThrottleLimits limits;
    std::string throttle_group;  // empty: one of its own, under the drive's name
};

struct DrivePlan {
    std::string id;                   // made up where none was given: "virtio0"
    qmp::BlockdevOptions node;        // for BlockGraph::add_drive
    std::optional<OptionUse> device;  // if=virtio
    DrivePolicy policy;
};

// `number` counts the drives. Errors: no format (nothing is probed), another one than raw, a key or
// value that siskin does not know.
[[nodiscard]] Result<DrivePlan> plan_drive(const OptionUse& use, std::size_t number);

// A -blockdev, for BlockGraph::add. Errors: no node-name, and what block_options.h refuses.
[[nodiscard]] Result<qmp::BlockdevOptions> plan_blockdev(const OptionUse& use);

}  // namespace siskin
