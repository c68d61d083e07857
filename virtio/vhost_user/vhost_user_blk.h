// SPDX-License-Identifier: Apache-2.0
// VhostUserBlk: the virtio block device (virtio 1.2 §5.2) whose disk is in another process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/bus/machine_lock.h"
#include "base/loop/io_thread.h"
#include "base/result.h"
#include "virtio/block/block_device.h"
#include "virtio/device.h"
#include "virtio/vhost_user/back_end.h"

namespace siskin {

// A BlockDevice on a VhostUserNode: the back end sees requests that were checked, and never the
// driver's rings. What it loses is kept and sent to its successor.
// Left out: what the back end would answer to get-id; the serial number is empty.
// Follows: QEMU's docs/interop/vhost-user.rst. Thread: as VirtioDevice.
class VhostUserBlk final : public VirtioDevice {
public:
    // The back end is known. Errors: BlockDevice::create()'s.
    [[nodiscard]] static Result<std::unique_ptr<VhostUserBlk>> create(
        std::unique_ptr<VhostUserBackEnd> back_end, IoThread& io_thread, MachineLock& lock,
        const BlockDeviceOptions& options);
    ~VhostUserBlk() override;
    VhostUserBlk(const VhostUserBlk&) = delete;
    VhostUserBlk& operator=(const VhostUserBlk&) = delete;

    [[nodiscard]] std::uint16_t device_id() const override { return block_->device_id(); }
    [[nodiscard]] std::uint32_t class_code() const override { return block_->class_code(); }
    // None that the back end has not.
    [[nodiscard]] FeatureSet offered_features() const override;
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return block_->queue_sizes();
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t offset, unsigned width) override {
        return block_->read_config(offset, width);
    }
    void write_config(std::uint64_t offset, unsigned width, std::uint64_t value) override {
        block_->write_config(offset, width, value);
    }
    [[nodiscard]] std::uint8_t config_generation() const override {
        return block_->config_generation();
    }
    void features_accepted(FeatureSet accepted) override { block_->features_accepted(accepted); }
    void features_forgotten() override { block_->features_forgotten(); }

    void activate(ActiveQueues queues, DeviceHost& host) override {
        block_->activate(std::move(queues), host);
    }
    void deactivate(std::function<void()> done) override { block_->deactivate(std::move(done)); }
    void settle() override { block_->settle(); }
    [[nodiscard]] bool can_reset_queues() const override { return block_->can_reset_queues(); }
    void reset_queue(QueueIndex index, std::function<void()> done) override {
        block_->reset_queue(index, std::move(done));
    }
    void enable_queue(ActiveQueue queue) override { block_->enable_queue(std::move(queue)); }
    void pause(std::function<void()> done) override { block_->pause(std::move(done)); }
    void allow_transfers(bool allowed) override { block_->allow_transfers(allowed); }
    [[nodiscard]] bool is_quiet() const override { return block_->is_quiet(); }

private:
    VhostUserBlk(std::unique_ptr<VhostUserBackEnd> back_end, std::unique_ptr<BlockDevice> block)
        : back_end_(std::move(back_end)), block_(std::move(block)) {}

    std::unique_ptr<VhostUserBackEnd> back_end_;
    std::unique_ptr<BlockDevice> block_;
};

}  // namespace siskin
