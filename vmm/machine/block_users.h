// SPDX-License-Identifier: Apache-2.0
// Which disk device uses which block node.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/object/device_tree.h"
#include "devices/block/disk_control.h"
#include "vmm/machine/block_graph.h"

namespace siskin {

// The disk device that has the node; null when there is none.
[[nodiscard]] const DeviceTree::Entry* user_of(const DeviceTree& devices,
                                               const BlockGraph::Entry& node);

// The disk devices that have the node, or one above it.
[[nodiscard]] std::vector<const DeviceTree::Entry*> users_above(const DeviceTree& devices,
                                                                const BlockGraph& blocks,
                                                                const BlockGraph::Entry& node);

// What a disk device is to management; null when it is none.
[[nodiscard]] DiskControl* disk_of(const DeviceTree::Entry& device);

// How queries name a disk device, as QEMU does: by its back end, or a unit by its id.
[[nodiscard]] std::string disk_name(const DeviceTree::Entry& device);

// The id of the -drive that a unit was made with, whatever its medium is by now; empty where that
// was none. Nothing: the device is no unit.
[[nodiscard]] std::optional<std::string> drive_id_of_unit(const BlockGraph& blocks,
                                                          const DeviceTree::Entry& device);

// The device of that id or path; the path of its back end does as well. Null when there is none.
[[nodiscard]] const DeviceTree::Entry* find_disk_device(const DeviceTree& devices,
                                                        std::string_view id_or_path);

}  // namespace siskin
