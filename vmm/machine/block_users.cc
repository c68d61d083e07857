// SPDX-License-Identifier: Apache-2.0
// Who uses a block node.
#include "vmm/machine/block_users.h"

#include <algorithm>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "devices/scsi/scsi_disk_types.h"
#include "virtio/block/block_device.h"
#include "virtio/transport/virtio_pci.h"

namespace siskin {

const DeviceTree::Entry* user_of(const DeviceTree& devices, const BlockGraph::Entry& node) {
    for (const DeviceTree::Entry& device : devices.entries()) {
        const DiskControl* const disk = disk_of(device);
        if (disk != nullptr && disk->medium_node() == node.node.get()) {
            return &device;
        }
    }
    return nullptr;
}

std::vector<const DeviceTree::Entry*> users_above(const DeviceTree& devices,
                                                  const BlockGraph& blocks,
                                                  const BlockGraph::Entry& node) {
    std::vector<const DeviceTree::Entry*> users;
    for (const BlockGraph::Entry& entry : blocks.entries()) {
        const BlockGraph::Entry* at = &entry;
        while (at != nullptr && at != &node) {
            at = blocks.find(at->child);
        }
        const DeviceTree::Entry* const user = at == nullptr ? nullptr : user_of(devices, entry);
        if (user != nullptr) {
            users.push_back(user);
        }
    }
    return users;
}

DiskControl* disk_of(const DeviceTree::Entry& device) {
    if (auto* const unit = dynamic_cast<ScsiDisk*>(device.device.get())) {
        return unit;
    }
    auto* const function = dynamic_cast<VirtioPci*>(device.device.get());
    return function == nullptr ? nullptr : dynamic_cast<BlockDevice*>(&function->device());
}

std::string disk_name(const DeviceTree::Entry& device) {
    if (dynamic_cast<const ScsiDisk*>(device.device.get()) == nullptr) {
        return concat(device.path, "/virtio-backend");
    }
    return device.device->id().empty() ? device.path : device.device->id();
}

std::optional<std::string> drive_id_of_unit(const BlockGraph& blocks,
                                            const DeviceTree::Entry& device) {
    const auto* const unit = dynamic_cast<const ScsiDisk*>(device.device.get());
    if (unit == nullptr) {
        return std::nullopt;
    }
    const std::string& drive = &unit->type() == &kScsiHdType
                                   ? static_cast<const ScsiHdConfig*>(unit->config())->disk.drive
                                   : static_cast<const ScsiCdConfig*>(unit->config())->disk.drive;
    const BlockGraph::Entry* const entry = blocks.find(drive);
    return entry == nullptr ? std::string() : entry->drive_id;
}

const DeviceTree::Entry* find_disk_device(const DeviceTree& devices, std::string_view id_or_path) {
    constexpr std::string_view kBackEnd = "/virtio-backend";
    if (id_or_path.ends_with(kBackEnd)) {
        id_or_path.remove_suffix(kBackEnd.size());
    }
    const auto& entries = devices.entries();
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
        return !id_or_path.empty() &&
               (entry.device->id() == id_or_path || entry.path == id_or_path);
    });
    return found == entries.end() ? nullptr : &*found;
}

}  // namespace siskin
