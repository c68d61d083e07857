// SPDX-License-Identifier: Apache-2.0
// BlockShape: what a virtio block device would be, without what makes it run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "devices/block/block_node.h"
#include "virtio/block/block_device.h"
#include "virtio/device.h"

namespace siskin {

// For a plan: its options and its node are checked as a BlockDevice's are, and the node is claimed
// until it goes, but it has no thread, no engine, and never an active queue. Thread: VM loop.
class BlockShape final : public VirtioDevice {
public:
    // Errors: as of BlockDevice::create(), but for those of its engine.
    [[nodiscard]] static Result<std::unique_ptr<BlockShape>> create(
        BlockNode& node, const BlockDeviceOptions& options);
    ~BlockShape() override { node_.release(); }
    BlockShape(const BlockShape&) = delete;
    BlockShape& operator=(const BlockShape&) = delete;

    [[nodiscard]] std::uint16_t device_id() const override;
    [[nodiscard]] std::uint32_t class_code() const override;
    [[nodiscard]] FeatureSet offered_features() const override { return {}; }
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return queue_sizes_;
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t, unsigned) override { return 0; }
    void write_config(std::uint64_t, unsigned, std::uint64_t) override {}
    [[nodiscard]] std::uint16_t config_size() const override { return config_size_; }
    [[nodiscard]] std::uint8_t config_generation() const override { return 0; }
    void activate(ActiveQueues, DeviceHost&) override {}
    void deactivate(std::function<void()> done) override { done(); }
    void pause(std::function<void()> done) override { done(); }
    void allow_transfers(bool) override {}
    [[nodiscard]] bool is_quiet() const override { return true; }

private:
    BlockShape(BlockNode& node, const BlockDeviceOptions& options)
        : node_(node),
          queue_sizes_(options.num_queues, options.queue_size),
          class_code_(options.class_code),
          config_size_(block_config_size(options)) {}

    BlockNode& node_;
    std::vector<std::uint16_t> queue_sizes_;
    std::uint32_t class_code_;
    std::uint16_t config_size_;
};

}  // namespace siskin
