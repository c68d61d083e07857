// SPDX-License-Identifier: Apache-2.0
// What disk devices need of the machine.
#include "vmm/machine/disk_builder.h"

#include <utility>

#include "base/text.h"

namespace siskin {

Result<> check_block_unit(ByteCount logical_block_size, const BlockNode& node) {
    const std::uint32_t unit = node.limits().request_alignment;
    if (logical_block_size.value() >= unit) {
        return {};
    }
    return fail(concat("logical_block_size is ", logical_block_size.value(), ", block node '",
                       node.name(), "' takes nothing less than ", unit,
                       " bytes at a time: say logical_block_size=", unit, ", or cache.direct=off"));
}

DiskPolicy disk_policy(DeviceEnvironment& environment, const std::string& drive,
                       BlockOnError on_read_error, BlockOnError on_write_error) {
    DiskPolicy policy{"", on_read_error, on_write_error, nullptr};
    const BlockGraph::Entry* const entry = environment.blocks.find(drive);
    if (entry != nullptr) {
        policy.drive_id = entry->drive_id;
    }
    const DrivePolicy drives = environment.disks.policy(policy.drive_id);
    if (policy.on_read_error == BlockOnError::Auto) {
        policy.on_read_error = drives.on_read_error;
    }
    if (policy.on_write_error == BlockOnError::Auto) {
        policy.on_write_error = drives.on_write_error;
    }
    policy.errors = environment.disks.errors().sink(
        policy.drive_id, entry == nullptr ? "" : entry->node->name(),
        may_stop(policy.on_read_error, policy.on_write_error));
    return policy;
}

void limit_disk(DeviceEnvironment& environment, const std::string& drive_id, DiskControl& disk) {
    const DrivePolicy policy = environment.disks.policy(drive_id);
    if (!policy.limits.any() && policy.throttle_group.empty()) {
        return;
    }
    auto group = environment.disks.throttle_groups().find_or_make(
        policy.throttle_group.empty() ? drive_id : policy.throttle_group);
    if (policy.limits.any()) {
        group->configure(policy.limits);
    }
    disk.set_throttle_group(std::move(group));
}

}  // namespace siskin
