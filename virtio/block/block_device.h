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
#include "virtio/block/block_io.h"
#include "virtio/block/spec.h"
#include "virtio/device.h"

namespace siskin {

struct BlockDeviceOptions {
    std::uint16_t num_queues = 1;
    std::uint16_t queue_size = 256;  // a power of two
    std::uint32_t logical_block_size = 512;
    std::uint32_t physical_block_size = 512;
    std::string serial;       // at most 20 bytes
    bool write_cache = true;  // how the disk begins: on, writes are durable after a flush
    bool config_wce = true;   // whether the driver may switch that
    bool share_write = false;
};

// Errors: an option is out of its bounds, or does not fit the node.
[[nodiscard]] Result<> check_block_options(const BlockDeviceOptions& options,
                                           const BlockNode& node);
// All of them; `node` may be null.
[[nodiscard]] std::vector<Error> block_option_problems(const BlockDeviceOptions& options,
                                                       const BlockNode* node);

// Models: read, write, flush, get-id, several queues, a switchable write cache.
// Left out: discard, write zeroes, secure erase, SCSI, zoned devices; resizing.
// The control side; what touches queues is BlockIo on the IoThread, which it reaches by post().
// Thread: under MachineLock.
class BlockDevice final : public VirtioDevice {
public:
    // Claims the node until destruction. Both outlive the device. Errors: those of claim(); an
    // option is out of its bounds; the host cannot do I/O on the node.
    [[nodiscard]] static Result<std::unique_ptr<BlockDevice>> create(
        BlockNode& node, IoThread& io_thread, const BlockDeviceOptions& options);
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
    [[nodiscard]] std::uint8_t config_generation() const override { return 0; }  // never changes
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

private:
    BlockDevice(BlockNode& node, IoThread& io_thread, const BlockDeviceOptions& options,
                std::unique_ptr<BlockEngine> engine, EventFd idle);
    [[nodiscard]] virtio_spec::BlockConfigSpace config_space() const;
    void post(std::function<void(IoLoop&)> work);

    BlockNode& node_;
    IoThread& io_thread_;
    const BlockDeviceOptions options_;
    std::vector<std::uint16_t> queue_sizes_;
    FeatureSet accepted_;
    BlockShared shared_;
    std::atomic<bool> allowed_{true};
    std::atomic<bool> change_posted_{false};
    std::atomic<bool> quiet_{true};
    bool settled_ = true;  // nothing of ours is on the thread, or on its way there
    BlockIo io_;           // the IoThread's
};

}  // namespace siskin
