// SPDX-License-Identifier: Apache-2.0
// BlockDeviceOptions: how a virtio block device is to be, and what may not be together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/block_on_error.h"
#include "virtio/block/spec.h"

namespace siskin {

// All zero: made up from the disk's size, as QEMU does.
struct BlockGeometry {
    std::uint32_t cylinders = 0;
    std::uint32_t heads = 0;
    std::uint32_t sectors = 0;
};

struct BlockDeviceOptions {
    // What one discard or one write zeroes may take: 2 GiB less a sector, as in QEMU.
    static constexpr std::uint32_t kRangeSectorsMax = 0x3fffff;

    std::uint16_t num_queues = 1;
    std::uint16_t queue_size = 256;  // a power of two
    std::uint32_t logical_block_size = 512;
    std::uint32_t physical_block_size = 512;
    std::uint64_t min_io_size = 0;          // bytes; 0: not told
    std::uint64_t opt_io_size = 0;          // bytes; 0: not told
    std::uint64_t discard_granularity = 0;  // bytes
    bool discard = true;
    bool write_zeroes = true;
    std::uint32_t max_discard_sectors = kRangeSectorsMax;
    std::uint32_t max_write_zeroes_sectors = kRangeSectorsMax;
    bool seg_max_adjust = true;
    std::uint32_t seg_max = 0xffffffff;  // not more than this, whatever the queue's size
    BlockGeometry geometry;
    std::string serial;       // at most 20 bytes
    bool write_cache = true;  // how the disk begins: on, writes are durable after a flush
    bool config_wce = true;   // whether the driver may switch that
    bool share_write = false;
    BlockOnError on_read_error = BlockOnError::Auto;
    BlockOnError on_write_error = BlockOnError::Auto;
    bool account_failed = true;   // failed requests count as time
    bool account_invalid = true;  // refused ones end idleness
    std::uint32_t class_code = virtio_spec::kBlockClassCode;
};

// Errors: an option is out of its bounds, or does not fit the node.
[[nodiscard]] Result<> check_block_options(const BlockDeviceOptions& options,
                                           const BlockNode& node);
// All of them; `node` may be null.
[[nodiscard]] std::vector<Error> block_option_problems(const BlockDeviceOptions& options,
                                                       const BlockNode* node);

// The geometry told, or made up where none is.
[[nodiscard]] BlockGeometry block_geometry(const BlockGeometry& told, ByteCount capacity);

// What the configuration space shows (virtio 1.2 §5.2.4) of a disk of this size.
[[nodiscard]] virtio_spec::BlockConfigSpace block_config_space(const BlockDeviceOptions& options,
                                                               ByteCount capacity, bool writeback,
                                                               bool may_unmap);

// Bytes of it that there are: up to the last field of what is offered.
[[nodiscard]] std::uint16_t block_config_size(const BlockDeviceOptions& options);

}  // namespace siskin
