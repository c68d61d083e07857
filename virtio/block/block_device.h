// SPDX-License-Identifier: Apache-2.0
// BlockDevice: the virtio block device (virtio 1.2 §5.2) on a BlockNode.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/disk_control.h"
#include "virtio/block/block_lanes.h"
#include "virtio/block/block_options.h"
#include "virtio/block/spec.h"
#include "virtio/config_generation.h"
#include "virtio/device.h"

namespace siskin {

// Models: read, write, flush, get-id, discard, write zeroes, several queues, a switchable write
// cache. Left out: secure erase, SCSI, zoned devices.
// The control side; what touches queues is BlockIo on the I/O threads, reached by BlockLanes.
// Thread: under MachineLock.
class BlockDevice final : public VirtioDevice, public DiskControl {
public:
    // Claims the node until destruction. Node and threads outlive the device. Errors: those of
    // claim() and of BlockLanes; an option is out of its bounds. `errors` may be null.
    [[nodiscard]] static Result<std::unique_ptr<BlockDevice>> create(
        BlockNode& node, const BlockThreads& threads, const BlockDeviceOptions& options,
        std::unique_ptr<BlockErrorSink> errors = nullptr);
    // Waits as settle() does, unless that was called or no thread was ever asked for anything.
    ~BlockDevice() override;
    BlockDevice(const BlockDevice&) = delete;
    BlockDevice& operator=(const BlockDevice&) = delete;

    // Where the driver's buffers are; a node may want it pinned. Before the first activate().
    void lend_memory(const std::shared_ptr<const GuestMemory>& memory) {
        lanes_->lend_memory(memory);
    }

    [[nodiscard]] std::uint16_t device_id() const override;
    [[nodiscard]] std::uint32_t class_code() const override;
    [[nodiscard]] FeatureSet offered_features() const override;
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return queue_sizes_;
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t offset, unsigned width) override;
    void write_config(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    void write_legacy_config(std::uint64_t offset, std::uint64_t value) override;
    [[nodiscard]] std::uint16_t config_size() const override;
    [[nodiscard]] std::uint8_t config_generation() const override { return generation_.value(); }
    void features_accepted(FeatureSet accepted) override;
    void features_forgotten() override;

    void activate(ActiveQueues queues, DeviceHost& host) override;
    void deactivate(std::function<void()> done) override;
    // Waits for requests in flight, too; reset or deactivate before, and there are none.
    void settle() override;
    [[nodiscard]] bool can_reset_queues() const override { return true; }
    void reset_queue(QueueIndex index, std::function<void()> done) override;
    void enable_queue(ActiveQueue queue) override;
    void pause(std::function<void()> done) override;
    void allow_transfers(bool allowed) override;
    [[nodiscard]] bool is_quiet() const override { return lanes_->is_quiet(); }

    [[nodiscard]] const BlockDeviceOptions& options() const { return options_; }
    // DiskControl
    [[nodiscard]] BlockNode* medium_node() const override { return &node_; }
    // Any thread.
    [[nodiscard]] BlockTotals totals() const override;
    [[nodiscard]] bool accounts_failed() const override { return options_.account_failed; }
    [[nodiscard]] bool accounts_invalid() const override { return options_.account_invalid; }
    [[nodiscard]] bool may_stop_machine() const override {
        return may_stop(options_.on_read_error, options_.on_write_error);
    }
    [[nodiscard]] int stop_error() const override { return shared_.stop_error.load(); }
    void set_throttle_group(std::shared_ptr<ThrottleGroup> group) override;
    [[nodiscard]] const std::shared_ptr<ThrottleGroup>& throttle_group() const override {
        return group_use_.group();
    }
    [[nodiscard]] std::uint64_t held_operations() const override {
        return lanes_->held_operations();
    }
    [[nodiscard]] std::uint64_t held_ns() const override { return lanes_->held_ns(); }
    // Waits until no thread has a request in flight.
    [[nodiscard]] Result<> resize(ByteCount size) override;
    // The node has another size on its own account; the driver is told.
    void follow_size();
    // The configuration space shows the size the disk has now (§5.2.6.2: a configuration change).
    void publish_size() override;
    [[nodiscard]] Result<> move_to(IoThread& thread, MachineLock& lock) override;

private:
    BlockDevice(BlockNode& node, const BlockDeviceOptions& options,
                std::unique_ptr<BlockErrorSink> errors);
    [[nodiscard]] ByteCount usable_capacity() const;
    // From here on something of ours is on the threads.
    [[nodiscard]] BlockLanes& lanes() {
        settled_.store(false);
        return *lanes_;
    }

    BlockNode& node_;
    const BlockDeviceOptions options_;
    std::vector<std::uint16_t> queue_sizes_;
    FeatureSet accepted_;
    bool legacy_ = false;  // a legacy driver has begun
    BlockShared shared_;
    ByteCount shown_capacity_;
    ConfigGeneration generation_;
    std::unique_ptr<BlockCounters[]> counters_;  // one a queue
    std::unique_ptr<BlockErrorSink> errors_;
    ThrottleGroupUse group_use_;       // as it was set last
    std::atomic<bool> settled_{true};  // nothing of ours is on the threads, or on its way there
    std::unique_ptr<BlockLanes> lanes_;
};

}  // namespace siskin
