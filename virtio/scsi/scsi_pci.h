// SPDX-License-Identifier: Apache-2.0
// virtio-scsi-pci and its relatives: the types, their properties, how one is made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/loop/io_thread.h"
#include "base/object/device_type.h"
#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "pci/properties.h"
#include "virtio/scsi/scsi_device.h"
#include "virtio/transport/properties.h"
#include "virtio/transport/virtio_pci.h"

namespace siskin {

struct ScsiHostProperties {
    std::string iothread;
    OrUnset<std::uint16_t, 0xffff> num_queues;
    std::uint16_t virtqueue_size = 256;
    bool seg_max_adjust = true;
    std::uint32_t max_sectors = 0xffff;
    std::uint32_t cmd_per_lun = 128;
    bool hotplug = true;
    bool param_change = true;
};

inline constexpr std::array kScsiHostProperties{
    property<&ScsiHostProperties::iothread>("iothread", "The iothread object that does the I/O."),
    property<&ScsiHostProperties::num_queues>(
        "num_queues", "Request virtqueues; one a CPU when not set (65535).", InRange{1, 64}),
    property<&ScsiHostProperties::virtqueue_size>(
        "virtqueue_size", "Entries of each queue, a power of two.", InRange{4, 1024}),
    property<&ScsiHostProperties::seg_max_adjust>(
        "seg_max_adjust", "On: segments of a command follow virtqueue_size; off: they are 126."),
    property<&ScsiHostProperties::max_sectors>(
        "max_sectors", "Sectors of a command, as a hint to the driver.", InRange{1, 0xffffffff}),
    property<&ScsiHostProperties::cmd_per_lun>(
        "cmd_per_lun", "Commands that the driver may send to one unit at once.",
        InRange{1, 0xffffffff}),
    property<&ScsiHostProperties::hotplug>("hotplug", "Offer VIRTIO_SCSI_F_HOTPLUG."),
    property<&ScsiHostProperties::param_change>("param_change", "Offer VIRTIO_SCSI_F_CHANGE."),
};

struct ScsiPciConfig {
    PciProperties pci;
    VirtioPciProperties virtio;
    ScsiHostProperties scsi;
};

inline constexpr std::array kScsiPciGroups{
    group<&ScsiPciConfig::pci>(kPciProperties),
    group<&ScsiPciConfig::virtio>(kVirtioPciProperties),
    group<&ScsiPciConfig::scsi>(kScsiHostProperties),
};

// What a type that leaves the choice of its interfaces has besides.
inline constexpr std::array kScsiPciChoiceGroups{
    group<&ScsiPciConfig::pci>(kPciProperties),
    group<&ScsiPciConfig::virtio>(kVirtioPciProperties),
    group<&ScsiPciConfig::virtio>(kVirtioInterfaceProperties),
    group<&ScsiPciConfig::scsi>(kScsiHostProperties),
};

extern const DeviceType kScsiPciType;
extern const DeviceType kScsiPciTransitionalType;
extern const DeviceType kScsiPciNonTransitionalType;

// All that speaks against the settings of a device at `place`.
[[nodiscard]] std::vector<Error> scsi_pci_problems(const DeviceType& type, const PciPlace& place,
                                                   const ScsiPciConfig& settings,
                                                   std::uint16_t vcpu_count);

// Plugs a device of `type` in at `place`; `config` is a ScsiPciConfig. The thread outlives it;
// null: of a plan, its shape alone. What was left unset in the config becomes what was chosen.
// Errors: a property's value is not supported; no descriptor left in the host.
// Thread: VM loop, under MachineLock.
[[nodiscard]] Result<std::unique_ptr<VirtioPci>> create_scsi_pci(
    const DeviceType& type, PciPlace place, std::shared_ptr<void> config,
    const VirtioPciServices& services, IoThread* io_thread, std::uint16_t vcpu_count,
    std::string bus_name);

}  // namespace siskin
