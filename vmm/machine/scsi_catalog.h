// SPDX-License-Identifier: Apache-2.0
// SCSI buses of the machine, and the devices on them; for device_catalog.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/object/device_tree.h"
#include "base/result.h"
#include "devices/scsi/scsi_bus.h"
#include "vmm/machine/device_environment.h"

namespace siskin {

// The bus of a device that has one; null for any other.
[[nodiscard]] const ScsiBus* scsi_bus_of(const Device& device);
// Where it is in the object tree.
[[nodiscard]] std::string scsi_bus_path(const DeviceTree& devices, const ScsiBus& bus);
// By name; the first one when it is empty. Null: there is none.
[[nodiscard]] ScsiBus* find_scsi_bus(const DeviceTree& devices, std::string_view name);
// QEMU's rule for the bus of a new device: its id, or the number of those without one.
[[nodiscard]] std::string new_scsi_bus_name(const DeviceTree& devices, const std::string& id);

// As CatalogRow::build wants them.
[[nodiscard]] Result<std::unique_ptr<Device>> build_scsi_hd(DeviceEnvironment& environment,
                                                            std::string id,
                                                            std::shared_ptr<void> config);
[[nodiscard]] Result<std::unique_ptr<Device>> build_scsi_cd(DeviceEnvironment& environment,
                                                            std::string id,
                                                            std::shared_ptr<void> config);

}  // namespace siskin
