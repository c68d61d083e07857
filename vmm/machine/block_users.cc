// SPDX-License-Identifier: Apache-2.0
// Who uses a block node.
#include "vmm/machine/block_users.h"

#include <algorithm>

#include "virtio/block/blk_pci.h"

namespace siskin {

const DeviceTree::Entry* user_of(const DeviceTree& devices, const BlockGraph::Entry& node) {
    for (const DeviceTree::Entry& device : devices.entries()) {
        if (is_blk_pci(device.device->type())) {
            const auto* const config = static_cast<const BlkPciConfig*>(device.device->config());
            const std::string& drive = config->blk.drive;
            if (!drive.empty() && (drive == node.drive_id || drive == node.node->name())) {
                return &device;
            }
        }
    }
    return nullptr;
}

BlockDevice* disk_of(const DeviceTree::Entry& device) {
    auto* const function = dynamic_cast<VirtioPci*>(device.device.get());
    return function == nullptr ? nullptr : dynamic_cast<BlockDevice*>(&function->device());
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
