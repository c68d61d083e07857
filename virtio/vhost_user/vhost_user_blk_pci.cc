// SPDX-License-Identifier: Apache-2.0
// vhost-user-blk-pci.
#include "virtio/vhost_user/vhost_user_blk_pci.h"

#include <algorithm>
#include <utility>

#include "base/bits.h"
#include "base/text.h"
#include "virtio/block/block_shape.h"
#include "virtio/vhost_user/vhost_user_blk.h"

namespace siskin {

const DeviceType kVhostUserBlkPciType{
    "vhost-user-blk-pci",
    "vhost-user-blk",
    "",
    DeviceCategory::Storage,
    "PCI",
    kVhostUserBlkPciGroups,
    make_config<VhostUserBlkPciConfig>,
};

namespace {

BlockDeviceOptions options_of(const VhostUserBlkPciConfig& settings, const DiskInfo& disk,
                              std::uint16_t queue_count) {
    BlockDeviceOptions options = block_options_of(disk, queue_count, settings.blk.queue_size);
    options.config_wce = options.config_wce && settings.blk.config_wce;
    options.discard = options.discard && settings.blk.discard;
    options.write_zeroes = options.write_zeroes && settings.blk.write_zeroes;
    if (settings.blk.pci_class != 0) {
        options.class_code = settings.blk.pci_class << 8;
    }
    return options;
}

// A device with a node that nothing is behind.
class PlannedDisk final : public VirtioDevice {
public:
    [[nodiscard]] static Result<std::unique_ptr<VirtioDevice>> create(
        const std::string& name, const BlockDeviceOptions& options, const DiskInfo& disk) {
        auto node = std::make_unique<VhostUserNode>(name, disk, nullptr);
        auto shape = SISKIN_TRY(BlockShape::create(*node, options));
        return std::unique_ptr<VirtioDevice>(new PlannedDisk(std::move(node), std::move(shape)));
    }

    [[nodiscard]] std::uint16_t device_id() const override { return shape_->device_id(); }
    [[nodiscard]] std::uint32_t class_code() const override { return shape_->class_code(); }
    [[nodiscard]] FeatureSet offered_features() const override { return {}; }
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return shape_->queue_sizes();
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t, unsigned) override { return 0; }
    void write_config(std::uint64_t, unsigned, std::uint64_t) override {}
    [[nodiscard]] std::uint8_t config_generation() const override { return 0; }
    void activate(ActiveQueues, DeviceHost&) override {}
    void deactivate(std::function<void()> done) override { done(); }
    void pause(std::function<void()> done) override { done(); }
    void allow_transfers(bool) override {}
    [[nodiscard]] bool is_quiet() const override { return true; }

private:
    PlannedDisk(std::unique_ptr<VhostUserNode> node, std::unique_ptr<BlockShape> shape)
        : node_(std::move(node)), shape_(std::move(shape)) {}

    std::unique_ptr<VhostUserNode> node_;
    std::unique_ptr<BlockShape> shape_;
};

}  // namespace

Result<> check_vhost_user_blk(const VhostUserBlkPciConfig& settings) {
    SISKIN_TRY(check_modern_properties(settings.virtio, kVhostUserBlkPciType.name));
    if (!is_power_of_two(settings.blk.queue_size)) {
        return fail(concat(kVhostUserBlkPciType.name, ": queue-size is ", settings.blk.queue_size,
                           ", allowed is a power of two"));
    }
    if (settings.blk.chardev.empty()) {
        return fail("chardev property not set: the id of a socket");
    }
    return {};
}

VhostUserLinkOptions link_options_of(const VhostUserBlkPciConfig& settings,
                                     std::shared_ptr<const GuestMemory> memory,
                                     std::uint16_t vcpu_count) {
    VhostUserLinkOptions options;
    options.memory = std::move(memory);
    options.queue_count = settings.blk.num_queues;
    options.vcpu_count = vcpu_count;
    options.queue_size = settings.blk.queue_size;
    return options;
}

Result<std::unique_ptr<VirtioPci>> create_vhost_user_blk_pci(
    PciPlace place, std::shared_ptr<void> config, const VirtioPciServices& services,
    std::unique_ptr<VhostUserBackEnd> back_end, IoThread& io_thread, MachineLock& lock) {
    auto& settings = *static_cast<VhostUserBlkPciConfig*>(config.get());
    SISKIN_TRY(check_vhost_user_blk(settings));
    settings.virtio.disable_legacy = OnOffAuto::On;
    const DiskInfo disk = back_end->disk();
    const BlockDeviceOptions options = options_of(settings, disk, back_end->queue_count());
    auto device =
        SISKIN_TRY_IN(kVhostUserBlkPciType.name,
                      VhostUserBlk::create(std::move(back_end), io_thread, lock, options));
    return VirtioPci::create(kVhostUserBlkPciType, std::move(place), std::move(config),
                             settings.virtio, services, std::move(device));
}

Result<std::unique_ptr<VirtioPci>> plan_vhost_user_blk_pci(PciPlace place,
                                                           std::shared_ptr<void> config,
                                                           const VirtioPciServices& services,
                                                           std::uint16_t vcpu_count) {
    auto& settings = *static_cast<VhostUserBlkPciConfig*>(config.get());
    SISKIN_TRY(check_vhost_user_blk(settings));
    settings.virtio.disable_legacy = OnOffAuto::On;
    DiskInfo disk;
    disk.config.capacity = std::uint64_t{1};
    const std::uint16_t queues =
        settings.blk.num_queues.value_or(std::min(vcpu_count, VhostUserLink::kQueuesMax));
    auto device = SISKIN_TRY_IN(
        kVhostUserBlkPciType.name,
        PlannedDisk::create(settings.blk.chardev, options_of(settings, disk, queues), disk));
    return VirtioPci::create(kVhostUserBlkPciType, std::move(place), std::move(config),
                             settings.virtio, services, std::move(device));
}

}  // namespace siskin
