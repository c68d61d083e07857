// SPDX-License-Identifier: Apache-2.0
// virtio-scsi-pci.
#include "virtio/scsi/scsi_pci.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "virtio/scsi/scsi_shape.h"

namespace siskin {

const DeviceType kScsiPciType{
    "virtio-scsi-pci",          "virtio-scsi", "", DeviceCategory::Storage, "PCI", kScsiPciGroups,
    make_config<ScsiPciConfig>,
};
const DeviceType kScsiPciNonTransitionalType{
    "virtio-scsi-pci-non-transitional", "", "", DeviceCategory::Storage, "PCI", kScsiPciGroups,
    make_config<ScsiPciConfig>,
};

namespace {

ScsiDeviceOptions options_of(const ScsiHostProperties& properties, std::uint16_t vcpu_count) {
    constexpr std::uint16_t kAutoQueuesMax = 64;
    ScsiDeviceOptions options;
    options.num_queues =
        properties.num_queues.value_or(std::clamp<std::uint16_t>(vcpu_count, 1, kAutoQueuesMax));
    options.queue_size = properties.virtqueue_size;
    options.seg_max_adjust = properties.seg_max_adjust;
    options.max_sectors = properties.max_sectors;
    options.cmd_per_lun = properties.cmd_per_lun;
    options.hotplug = properties.hotplug;
    options.param_change = properties.param_change;
    return options;
}

}  // namespace

std::vector<Error> scsi_pci_problems(const DeviceType& type, const ScsiPciConfig& settings,
                                     std::uint16_t vcpu_count) {
    std::vector<Error> problems;
    if (auto checked = check_modern_properties(settings.virtio, type.name); !checked) {
        problems.push_back(std::move(checked).error());
    }
    for (Error& problem : scsi_device_option_problems(options_of(settings.scsi, vcpu_count))) {
        problems.push_back(in_context(type.name, std::move(problem)));
    }
    return problems;
}

Result<std::unique_ptr<VirtioPci>> create_scsi_pci(const DeviceType& type, PciPlace place,
                                                   std::shared_ptr<void> config,
                                                   const VirtioPciServices& services,
                                                   IoThread* io_thread, std::uint16_t vcpu_count,
                                                   std::string bus_name) {
    auto& settings = *static_cast<ScsiPciConfig*>(config.get());
    SISKIN_TRY(check_modern_properties(settings.virtio, type.name));
    settings.virtio.disable_legacy = OnOffAuto::On;
    settings.scsi.num_queues = options_of(settings.scsi, vcpu_count).num_queues;
    const ScsiDeviceOptions options = options_of(settings.scsi, vcpu_count);
    std::unique_ptr<VirtioDevice> device;
    if (io_thread == nullptr) {
        device = std::make_unique<ScsiShape>(options.num_queues, options.queue_size);
    } else {
        device =
            SISKIN_TRY_IN(type.name, ScsiDevice::create(*io_thread, options, std::move(bus_name)));
    }
    return VirtioPci::create(type, std::move(place), std::move(config), settings.virtio, services,
                             std::move(device));
}

}  // namespace siskin
