// SPDX-License-Identifier: Apache-2.0
// SCSI buses, and scsi-hd and scsi-cd on them.
#include "vmm/machine/scsi_catalog.h"

#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "devices/scsi/scsi_disk_types.h"
#include "virtio/scsi/scsi_device.h"
#include "virtio/transport/virtio_pci.h"
#include "vmm/machine/disk_builder.h"

namespace siskin {
namespace {

ScsiDevice* host_of(const Device& device) {
    auto* const function = dynamic_cast<VirtioPci*>(&const_cast<Device&>(device));
    return function == nullptr ? nullptr : dynamic_cast<ScsiDevice*>(&function->device());
}

Result<std::unique_ptr<Device>> build(DeviceEnvironment& environment, const DeviceType& type,
                                      std::string id, std::shared_ptr<void> config,
                                      ScsiDiskProperties& properties, ScsiUnitOptions options,
                                      DiskPolicy policy) {
    ScsiBus* const bus = find_scsi_bus(environment.devices, properties.bus);
    if (bus == nullptr) {
        return fail(properties.bus.empty()
                        ? concat("No 'SCSI' bus found for device '", type.name, "'")
                        : concat("Bus '", printable(properties.bus), "' not found"));
    }
    BlockNode* node = nullptr;
    if (!properties.drive.empty()) {
        node = SISKIN_TRY(environment.blocks.disk(properties.drive));
        SISKIN_TRY(check_block_unit(ByteCount{options.block_size}, *node));
    } else if (!options.is_cd) {
        return fail("drive property not set: a node-name or a drive's id");
    }
    const ScsiAddress address = SISKIN_TRY(bus->choose(place_wish_of(properties)));
    // What was left to us is told, too.
    properties.scsi_id = std::uint32_t{address.target};
    properties.lun = std::uint32_t{address.lun};
    options.on_read_error = policy.on_read_error;
    options.on_write_error = policy.on_write_error;
    auto on_tray_moved = environment.disks.tray_moves().reporter(
        policy.drive_id, id.empty() ? environment.devices.next_anonymous_path() : id);
    auto disk = SISKIN_TRY(ScsiDisk::create(
        type, std::move(id), std::move(config), std::move(options), address,
        ScsiDiskBackends{*bus, node, std::move(policy.errors), std::move(on_tray_moved)},
        environment.hot_plugging));
    limit_disk(environment, policy.drive_id, *disk);
    return std::unique_ptr<Device>(std::move(disk));
}

template <typename Config>
Result<std::unique_ptr<Device>> build_unit(DeviceEnvironment& environment, const DeviceType& type,
                                           std::string id, std::shared_ptr<void> config) {
    auto& settings = *static_cast<Config*>(config.get());
    ScsiDiskProperties& properties = settings.disk;
    DiskPolicy policy =
        disk_policy(environment, properties.drive, properties.rerror, properties.werror);
    ScsiUnitOptions options = scsi_options_of(settings, policy.drive_id);
    return build(environment, type, std::move(id), std::move(config), properties,
                 std::move(options), std::move(policy));
}

}  // namespace

const ScsiBus* scsi_bus_of(const Device& device) {
    const ScsiDevice* const host = host_of(device);
    return host == nullptr ? nullptr : &host->bus();
}

std::string scsi_bus_path(const DeviceTree& devices, const ScsiBus& bus) {
    for (const DeviceTree::Entry& entry : devices.entries()) {
        if (scsi_bus_of(*entry.device) == &bus) {
            return concat(entry.path, "/virtio-backend/", bus.name());
        }
    }
    return "";
}

ScsiBus* find_scsi_bus(const DeviceTree& devices, std::string_view name) {
    for (const DeviceTree::Entry& entry : devices.entries()) {
        ScsiDevice* const host = host_of(*entry.device);
        if (host != nullptr && (name.empty() || host->bus().name() == name)) {
            return &host->bus();
        }
    }
    return nullptr;
}

std::string new_scsi_bus_name(const DeviceTree& devices, const std::string& id) {
    if (!id.empty()) {
        return concat(id, ".0");
    }
    unsigned number = 0;
    while (find_scsi_bus(devices, concat("scsi.", number)) != nullptr) {
        ++number;
    }
    return concat("scsi.", number);
}

Result<std::unique_ptr<Device>> build_scsi_hd(DeviceEnvironment& environment, std::string id,
                                              std::shared_ptr<void> config) {
    return build_unit<ScsiHdConfig>(environment, kScsiHdType, std::move(id), std::move(config));
}

Result<std::unique_ptr<Device>> build_scsi_cd(DeviceEnvironment& environment, std::string id,
                                              std::shared_ptr<void> config) {
    return build_unit<ScsiCdConfig>(environment, kScsiCdType, std::move(id), std::move(config));
}

}  // namespace siskin
