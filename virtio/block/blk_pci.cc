// SPDX-License-Identifier: Apache-2.0
// virtio-blk-pci.
#include "virtio/block/blk_pci.h"

#include <utility>

#include "base/text.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_shape.h"
#include "virtio/transport/function_identity.h"

namespace siskin {
namespace {

std::shared_ptr<void> make_transitional() {
    auto config = std::make_shared<BlkPciConfig>();
    config->virtio.disable_legacy = OnOffAuto::Off;
    return config;
}

}  // namespace

const DeviceType kBlkPciType{
    "virtio-blk-pci",          "virtio-blk", "",
    DeviceCategory::Storage,   "PCI",        kBlkPciChoiceGroups,
    make_config<BlkPciConfig>,
};
const DeviceType kBlkPciTransitionalType{
    "virtio-blk-pci-transitional",
    "",
    "",
    DeviceCategory::Storage,
    "PCI",
    kBlkPciGroups,
    make_transitional,
};

namespace {

std::shared_ptr<void> make_non_transitional_config() {
    auto config = std::make_shared<BlkPciConfig>();
    config->virtio.disable_legacy = OnOffAuto::On;
    return config;
}

}  // namespace

const DeviceType kBlkPciNonTransitionalType{
    "virtio-blk-pci-non-transitional", "", "", DeviceCategory::Storage, "PCI", kBlkPciGroups,
    make_non_transitional_config,
};

bool is_blk_pci(const DeviceType& type) {
    return &type == &kBlkPciType || &type == &kBlkPciTransitionalType ||
           &type == &kBlkPciNonTransitionalType;
}

std::vector<Error> blk_pci_problems(const DeviceType& type, const PciPlace& place,
                                    const BlkPciConfig& settings, BlockNode* node,
                                    std::uint16_t vcpu_count) {
    std::vector<Error> problems;
    for (Result<> checked :
         {check_virtio_properties(settings.virtio, type.name, is_express_at(place)),
          check_blk_properties(settings.blk, type.name)}) {
        if (!checked) {
            problems.push_back(std::move(checked).error());
        }
    }
    const BlockDeviceOptions options = plain_block_options_of(settings.blk, vcpu_count);
    if (!settings.blk.iothread_vq_mapping.empty()) {
        if (auto mapped = map_queues(settings.blk.iothread_vq_mapping, options.num_queues);
            !mapped) {
            problems.push_back(in_context(type.name, std::move(mapped).error()));
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
        problems.push_back(in_context(type.name, std::move(problem)));
    }
    return problems;
}

namespace {

// What was left unset becomes what is chosen here, and management software reads it so.
void settle(BlkPciConfig& settings, const BlockDeviceOptions& options, ByteCount capacity) {
    BlkProperties& blk = settings.blk;
    blk.num_queues = options.num_queues;
    blk.logical_block_size = ByteCount{options.logical_block_size};
    blk.physical_block_size = ByteCount{options.physical_block_size};
    const BlockGeometry geometry = block_geometry(options.geometry, capacity);
    blk.cyls = geometry.cylinders;
    blk.heads = geometry.heads;
    blk.secs = geometry.sectors;
    VirtioPciProperties& virtio = settings.virtio;
    virtio.vectors = virtio.vectors.value_or(options.num_queues + 1U);
}

}  // namespace

Result<std::unique_ptr<VirtioPci>> create_blk_pci(PciPlace place, std::shared_ptr<void> config,
                                                  const VirtioPciServices& services,
                                                  BlkPciBackends backends, const DeviceType& type) {
    auto& settings = *static_cast<BlkPciConfig*>(config.get());
    const bool below_port = is_express_at(place);
    SISKIN_TRY(check_virtio_properties(settings.virtio, type.name, below_port));
    const bool is_modern = interfaces_of(settings.virtio, below_port) == VirtioInterfaces::Modern;
    settings.virtio.disable_legacy = is_modern ? OnOffAuto::On : OnOffAuto::Off;
    BlockDeviceOptions options =
        SISKIN_TRY(block_options_of(settings.blk, backends.vcpu_count, type.name));
    if (options.on_read_error == BlockOnError::Auto) {
        options.on_read_error = backends.on_read_error;
    }
    if (options.on_write_error == BlockOnError::Auto) {
        options.on_write_error = backends.on_write_error;
    }
    std::unique_ptr<VirtioDevice> device;
    if (backends.threads.threads.empty()) {
        device = SISKIN_TRY_IN(type.name, BlockShape::create(backends.node, options));
    } else {
        auto disk =
            SISKIN_TRY_IN(type.name, BlockDevice::create(backends.node, backends.threads, options,
                                                         std::move(backends.errors)));
        disk->lend_memory(services.guest_memory());
        device = std::move(disk);
    }
    settle(settings, options, backends.node.capacity());
    return VirtioPci::create(type, std::move(place), std::move(config), settings.virtio, services,
                             std::move(device));
}

}  // namespace siskin
