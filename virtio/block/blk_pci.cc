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

Result<> check_scsi(const BlkPciConfig& settings) {
    if (settings.blk.scsi) {
        return fail(concat("Property '", kBlkPciType.name,
                           ".scsi' doesn't take value 'on', allowed is off"));
    }
    return {};
}

}  // namespace

const DeviceType kBlkPciType{
    "virtio-blk-pci",          "virtio-blk", "", DeviceCategory::Storage, "PCI", kBlkPciGroups,
    make_config<BlkPciConfig>,
};

std::vector<Error> blk_pci_problems(const BlkPciConfig& settings, BlockNode* node,
                                    std::uint16_t vcpu_count) {
    std::vector<Error> problems;
    for (Result<> result :
         {check_virtio_properties(settings.virtio, kBlkPciType.name), check_scsi(settings)}) {
        if (!result) {
            problems.push_back(std::move(result).error());
        }
    }
    const BlockDeviceOptions options = options_of(settings.blk, vcpu_count);
    std::vector<Error> of_block = block_option_problems(options, node);
    if (node != nullptr) {
        if (auto claimed = node->claim(ImageUse{!node->read_only(), options.share_write})) {
            node->release();
        } else {
            of_block.push_back(std::move(claimed).error());
        }
    }
    for (Error& problem : of_block) {
        problems.push_back(in_context(kBlkPciType.name, std::move(problem)));
    }
    return problems;
}

Result<std::unique_ptr<VirtioPci>> create_blk_pci(PciPlace place, std::shared_ptr<void> config,
                                                  const VirtioPciServices& services,
                                                  const BlkPciBackends& backends) {
    const auto& settings = *static_cast<const BlkPciConfig*>(config.get());
    SISKIN_TRY(check_virtio_properties(settings.virtio, kBlkPciType.name));
    SISKIN_TRY(check_scsi(settings));
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
