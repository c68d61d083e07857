// SPDX-License-Identifier: Apache-2.0
// virtio-scsi-pci.
#include "virtio/scsi/scsi_pci.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "virtio/scsi/scsi_shape.h"
#include "virtio/transport/function_identity.h"

namespace siskin {

namespace {

std::shared_ptr<void> make_transitional() {
    auto config = std::make_shared<ScsiPciConfig>();
    config->virtio.disable_legacy = OnOffAuto::Off;
    return config;
}

std::shared_ptr<void> make_non_transitional() {
    auto config = std::make_shared<ScsiPciConfig>();
    config->virtio.disable_legacy = OnOffAuto::On;
    return config;
}

}  // namespace

const DeviceType kScsiPciType{
    "virtio-scsi-pci",          "virtio-scsi", "",
    DeviceCategory::Storage,    "PCI",         kScsiPciChoiceGroups,
    make_config<ScsiPciConfig>,
};
const DeviceType kScsiPciTransitionalType{
    "virtio-scsi-pci-transitional",
    "",
    "",
    DeviceCategory::Storage,
    "PCI",
    kScsiPciGroups,
    make_transitional,
};
const DeviceType kScsiPciNonTransitionalType{
    "virtio-scsi-pci-non-transitional",
    "",
    "",
    DeviceCategory::Storage,
    "PCI",
    kScsiPciGroups,
    make_non_transitional,
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

std::vector<Error> scsi_pci_problems(const DeviceType& type, const PciPlace& place,
                                     const ScsiPciConfig& settings, std::uint16_t vcpu_count) {
    std::vector<Error> problems;
    if (auto checked = check_virtio_properties(settings.virtio, type.name, is_express_at(place));
        !checked) {
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
    const bool below_port = is_express_at(place);
    SISKIN_TRY(check_virtio_properties(settings.virtio, type.name, below_port));
    const bool is_modern = interfaces_of(settings.virtio, below_port) == VirtioInterfaces::Modern;
    settings.virtio.disable_legacy = is_modern ? OnOffAuto::On : OnOffAuto::Off;
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
