// SPDX-License-Identifier: Apache-2.0
// virtio-blk-pci.
#include "virtio/block/blk_pci.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_shape.h"

namespace siskin {
namespace {

constexpr std::uint16_t kAutoQueuesMax = 64;

BlockDeviceOptions options_of(const BlkProperties& properties, std::uint16_t vcpu_count) {
    BlockDeviceOptions options;
    options.num_queues =
        properties.num_queues.value_or(std::clamp<std::uint16_t>(vcpu_count, 1, kAutoQueuesMax));
    options.queue_size = properties.queue_size;
    options.logical_block_size = static_cast<std::uint32_t>(properties.logical_block_size.value());
    options.physical_block_size =
        static_cast<std::uint32_t>(properties.physical_block_size.value());
    options.serial = properties.serial;
    options.write_cache = properties.write_cache != OnOffAuto::Off;
    options.config_wce = properties.config_wce;
    options.share_write = properties.share_rw;
    return options;
}

}  // namespace

const DeviceType kBlkPciType{
    "virtio-blk-pci",          "virtio-blk", "", DeviceCategory::Storage, "PCI", kBlkPciGroups,
    make_config<BlkPciConfig>,
};

Result<std::unique_ptr<VirtioPci>> create_blk_pci(PciPlace place, std::shared_ptr<void> config,
                                                  const VirtioPciServices& services,
                                                  const BlkPciBackends& backends) {
    const auto& settings = *static_cast<const BlkPciConfig*>(config.get());
    SISKIN_TRY(check_virtio_properties(settings.virtio, kBlkPciType.name));
    if (settings.blk.scsi) {
        return fail(concat("Property '", kBlkPciType.name,
                           ".scsi' doesn't take value 'on', allowed is off"));
    }
    const BlockDeviceOptions options = options_of(settings.blk, backends.vcpu_count);
    std::unique_ptr<VirtioDevice> device;
    if (backends.io_thread == nullptr) {
        device = SISKIN_TRY_IN(kBlkPciType.name, BlockShape::create(backends.node, options));
    } else {
        device = SISKIN_TRY_IN(kBlkPciType.name,
                               BlockDevice::create(backends.node, *backends.io_thread, options));
    }
    return VirtioPci::create(kBlkPciType, std::move(place), std::move(config), settings.virtio,
                             services, std::move(device));
}

}  // namespace siskin
