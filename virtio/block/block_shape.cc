// SPDX-License-Identifier: Apache-2.0
// The checks and the claim of a block device that is only planned.
#include "virtio/block/block_shape.h"

#include "virtio/block/spec.h"
#include "virtio/spec.h"

namespace siskin {

Result<std::unique_ptr<BlockShape>> BlockShape::create(BlockNode& node,
                                                       const BlockDeviceOptions& options) {
    SISKIN_TRY(check_block_options(options, node));
    SISKIN_TRY(node.claim(ImageUse{!node.read_only(), options.share_write}));
    return std::unique_ptr<BlockShape>(new BlockShape(node, options));
}

std::uint16_t BlockShape::device_id() const {
    return virtio_spec::kDeviceIdBlock;
}

std::uint32_t BlockShape::class_code() const {
    return class_code_;
}

}  // namespace siskin
