// SPDX-License-Identifier: Apache-2.0
// ThrottleFilter: a block node that shows another node's bytes as fast as a group's limits let it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "devices/block/raw_filter.h"
#include "devices/block/throttle_group.h"

namespace siskin {

struct ThrottleFilterOptions {
    std::string node_name;
    bool read_only = false;
    bool unmap = false;  // whether discards reach the node below
};

// A raw node over the whole of another one; each of its engines is a member of the group.
// Thread: VM loop.
class ThrottleFilter final : public RawFilter {
public:
    // `child` outlives the node.
    ThrottleFilter(ThrottleFilterOptions options, std::shared_ptr<ThrottleGroup> group,
                   SharedNode& child);

private:
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> make_engine(
        std::size_t operations_max) override;

    ThrottleGroupUse use_;
};

}  // namespace siskin
