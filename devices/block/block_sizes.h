// SPDX-License-Identifier: Apache-2.0
// BlockSizes: the sizes that a disk tells its driver, and which of them can be.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "devices/block/block_node.h"

namespace siskin {

// In bytes; what is 0 of the last three is not told.
struct BlockSizes {
    static constexpr std::uint32_t kBlockSizeMax = 2 * 1024 * 1024;

    std::uint32_t logical_block_size = 512;
    std::uint32_t physical_block_size = 512;
    std::uint64_t min_io_size = 0;
    std::uint64_t opt_io_size = 0;
    std::uint64_t discard_granularity = 0;
};

// All that speaks against them, in the names of the devices' properties; `node` may be null.
[[nodiscard]] std::vector<Error> block_size_problems(const BlockSizes& sizes,
                                                     const BlockNode* node);

}  // namespace siskin
