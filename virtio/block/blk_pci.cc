// SPDX-License-Identifier: Apache-2.0
// virtio-blk-pci.
#include "virtio/block/blk_pci.h"

#include <utility>

#include "base/text.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_shape.h"

namespace siskin {
const DeviceType kBlkPciType{
    "virtio-blk-pci",          "virtio-blk", "", DeviceCategory::Storage, "PCI", kBlkPciGroups,
    make_config<BlkPciConfig>,
};

std::vector<Error> blk_pci_problems(const BlkPciConfig& settings, BlockNode* node,
                                    std::uint16_t vcpu_count) {
    std::vector<Error> problems;
    for (Result<> checked : {check_virtio_properties(settings.virtio, kBlkPciType.name),
                             check_blk_properties(settings.blk, kBlkPciType.name)}) {
        if (!checked) {
            problems.push_back(std::move(checked).error());
        }
    }
    const BlockDeviceOptions options = plain_block_options_of(settings.blk, vcpu_count);
    if (!settings.blk.iothread_vq_mapping.empty()) {
        if (auto mapped = map_queues(settings.blk.iothread_vq_mapping, options.num_queues);
            !mapped) {
            problems.push_back(in_context(kBlkPciType.name, std::move(mapped).error()));
        }
    }
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
                                                  BlkPciBackends backends) {
    const auto& settings = *static_cast<const BlkPciConfig*>(config.get());
    SISKIN_TRY(check_virtio_properties(settings.virtio, kBlkPciType.name));
    BlockDeviceOptions options =
        SISKIN_TRY(block_options_of(settings.blk, backends.vcpu_count, kBlkPciType.name));
    if (options.on_read_error == BlockOnError::Auto) {
        options.on_read_error = backends.on_read_error;
    }
    if (options.on_write_error == BlockOnError::Auto) {
        options.on_write_error = backends.on_write_error;
    }
    std::unique_ptr<VirtioDevice> device;
    if (backends.threads.threads.empty()) {
        device = SISKIN_TRY_IN(kBlkPciType.name, BlockShape::create(backends.node, options));
    } else {
        device = SISKIN_TRY_IN(kBlkPciType.name,
                               BlockDevice::create(backends.node, backends.threads, options,
                                                   std::move(backends.errors)));
    }
    return VirtioPci::create(kBlkPciType, std::move(place), std::move(config), settings.virtio,
                             services, std::move(device));
}

}  // namespace siskin
