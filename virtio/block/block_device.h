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
#include "devices/block/throttled_engine.h"
#include "virtio/block/block_io.h"
#include "virtio/block/block_options.h"
#include "virtio/block/spec.h"
#include "virtio/device.h"

namespace siskin {

// Models: read, write, flush, get-id, discard, write zeroes, several queues, a switchable write
// cache. Left out: secure erase, SCSI, zoned devices.
// The control side; what touches queues is BlockIo on the IoThread, which it reaches by post().
// Thread: under MachineLock.
class BlockDevice final : public VirtioDevice {
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
    void write_legacy_config(std::uint64_t offset, std::uint64_t value) override;
    [[nodiscard]] std::uint16_t config_size() const override;
    [[nodiscard]] std::uint8_t config_generation() const override { return generation_; }
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
    [[nodiscard]] bool is_quiet() const override { return quiet_.load(); }

    [[nodiscard]] BlockNode& node() const { return node_; }
    [[nodiscard]] const BlockDeviceOptions& options() const { return options_; }
    // The error that stopped the machine last, as an errno value; 0 once it was let go on.
    [[nodiscard]] int stop_error() const { return shared_.stop_error.load(); }
    // What all requests came to so far. Any thread.
    [[nodiscard]] BlockTotals totals() const;

    // Limits of their own or of a group, null for none, from now on. Thread: VM loop.
    void set_throttle_group(std::shared_ptr<ThrottleGroup> group);
    [[nodiscard]] const std::shared_ptr<ThrottleGroup>& throttle_group() const { return group_; }
    // What waited for limits so far.
    [[nodiscard]] const ThrottledEngine& throttle() const { return *throttle_; }

    // Changes the node's size; the driver is told by publish_size(). Requests in flight finish
    // first, and this waits for them. Thread: VM loop, not under MachineLock.
    [[nodiscard]] Result<> resize(ByteCount size);
    // The configuration space shows the size the disk has now (§5.2.6.2: a configuration change).
    void publish_size();

private:
    BlockDevice(BlockNode& node, IoThread& io_thread, const BlockDeviceOptions& options,
                std::unique_ptr<ThrottledEngine> engine, EventFd idle,
                std::unique_ptr<BlockErrorSink> errors);
    [[nodiscard]] ByteCount usable_capacity() const;
    void post(std::function<void(IoLoop&)> work);

    BlockNode& node_;
    IoThread& io_thread_;
    const BlockDeviceOptions options_;
    std::vector<std::uint16_t> queue_sizes_;
    FeatureSet accepted_;
    bool legacy_ = false;  // a legacy driver has begun
    BlockShared shared_;
    ByteCount shown_capacity_;
    std::uint8_t generation_ = 0;
    std::unique_ptr<BlockCounters[]> counters_;  // one a queue
    std::unique_ptr<BlockErrorSink> errors_;
    std::shared_ptr<ThrottleGroup> group_;  // as it was set last
    ThrottledEngine* throttle_;             // owned by io_
    std::atomic<bool> allowed_{true};
    std::atomic<bool> change_posted_{false};
    std::atomic<bool> quiet_{true};
    bool settled_ = true;  // nothing of ours is on the thread, or on its way there
    BlockIo io_;           // the IoThread's
};

}  // namespace siskin
