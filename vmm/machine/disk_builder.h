// SPDX-License-Identifier: Apache-2.0
// What all disk devices need of the machine: their node's unit, the drive's policy, its limits.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "devices/block/block_node.h"
#include "devices/block/block_on_error.h"
#include "devices/block/disk_control.h"
#include "vmm/machine/device_environment.h"

namespace siskin {

// Error: a smaller block would have to be read, changed and written back, which nobody sees happen.
[[nodiscard]] Result<> check_block_unit(ByteCount logical_block_size, const BlockNode& node);

// What a disk's properties and its -drive make together.
struct DiskPolicy {
    std::string drive_id;  // or empty
    BlockOnError on_read_error = BlockOnError::Auto;
    BlockOnError on_write_error = BlockOnError::Auto;
    std::unique_ptr<BlockErrorSink> errors;
};
[[nodiscard]] DiskPolicy disk_policy(DeviceEnvironment& environment, const std::string& drive,
                                     BlockOnError on_read_error, BlockOnError on_write_error);

// The limits of its -drive, if there are any.
void limit_disk(DeviceEnvironment& environment, const std::string& drive_id, DiskControl& disk);

}  // namespace siskin
