// SPDX-License-Identifier: Apache-2.0
// BlockDevice: the virtio block device (virtio 1.2 §5.2) on a BlockNode.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/loop/io_thread.h"
#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/disk_control.h"
#include "devices/block/throttled_engine.h"
#include "virtio/block/block_io.h"
#include "virtio/block/block_options.h"
#include "virtio/block/spec.h"
#include "virtio/device.h"
#include "virtio/queue/threaded_device.h"

namespace siskin {

// Models: read, write, flush, get-id, discard, write zeroes, several queues, a switchable write
// cache. Left out: secure erase, SCSI, zoned devices.
// The control side; what touches queues is BlockIo on the IoThread, which it reaches by post().
// Thread: under MachineLock.
class BlockDevice final : public ThreadedDevice, public DiskControl {
public:
    // Claims the node until destruction. Both outlive the device. Errors: those of claim(); an
    // option is out of its bounds; the host cannot do I/O on the node.
    // `errors` may be null.
    [[nodiscard]] static Result<std::unique_ptr<BlockDevice>> create(
        BlockNode& node, IoThread& io_thread, const BlockDeviceOptions& options,
        std::unique_ptr<BlockErrorSink> errors = nullptr);
    // Waits as settle() does, unless that was called or the thread was never asked for anything.
    ~BlockDevice() override;
    BlockDevice(const BlockDevice&) = delete;
    BlockDevice& operator=(const BlockDevice&) = delete;

    [[nodiscard]] std::uint16_t device_id() const override;
    [[nodiscard]] std::uint32_t class_code() const override;
    [[nodiscard]] FeatureSet offered_features() const override;
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return queue_sizes_;
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t offset, unsigned width) override;
    void write_config(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    [[nodiscard]] std::uint8_t config_generation() const override { return generation_; }
    void features_accepted(FeatureSet accepted) override;
    void features_forgotten() override;

    void deactivate(std::function<void()> done) override;

    [[nodiscard]] const BlockDeviceOptions& options() const { return options_; }
    [[nodiscard]] const ThrottledEngine& throttle() const { return *throttle_; }

    // DiskControl
    [[nodiscard]] BlockNode* medium_node() const override { return &node_; }
    [[nodiscard]] BlockTotals totals() const override;
    [[nodiscard]] bool accounts_failed() const override { return options_.account_failed; }
    [[nodiscard]] bool accounts_invalid() const override { return options_.account_invalid; }
    [[nodiscard]] bool may_stop_machine() const override {
        return may_stop(options_.on_read_error, options_.on_write_error);
    }
    [[nodiscard]] int stop_error() const override { return shared_.stop_error.load(); }
    void set_throttle_group(std::shared_ptr<ThrottleGroup> group) override;
    [[nodiscard]] const std::shared_ptr<ThrottleGroup>& throttle_group() const override {
        return group_;
    }
    [[nodiscard]] std::uint64_t held_operations() const override {
        return throttle_->held_operations();
    }
    [[nodiscard]] std::uint64_t held_ns() const override { return throttle_->held_ns(); }
    [[nodiscard]] Result<> resize(ByteCount size) override;
    // The configuration space shows the size the disk has now (§5.2.6.2: a configuration change).
    void publish_size() override;

private:
    BlockDevice(BlockNode& node, IoThread& io_thread, const BlockDeviceOptions& options,
                std::unique_ptr<ThrottledEngine> engine, EventFd idle,
                std::unique_ptr<BlockErrorSink> errors);
    [[nodiscard]] ByteCount usable_capacity() const;
    // ThreadedDevice
    [[nodiscard]] QueueSet& queues() override { return io_; }
    void on_deactivated() override { shared_.writeback.store(options_.write_cache); }

    BlockNode& node_;
    const BlockDeviceOptions options_;
    std::vector<std::uint16_t> queue_sizes_;
    FeatureSet accepted_;
    BlockShared shared_;
    ByteCount shown_capacity_;
    std::uint8_t generation_ = 0;
    std::unique_ptr<BlockCounters[]> counters_;  // one a queue
    std::unique_ptr<BlockErrorSink> errors_;
    std::shared_ptr<ThrottleGroup> group_;  // as it was set last
    ThrottledEngine* throttle_;             // owned by io_
    BlockIo io_;                            // the IoThread's
};

}  // namespace siskin
