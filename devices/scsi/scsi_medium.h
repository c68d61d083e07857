// SPDX-License-Identifier: Apache-2.0
// ScsiMedium: a block node that lies in a unit, and the engine that reaches it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/throttled_engine.h"
#include "devices/scsi/scsi_options.h"

namespace siskin {

// Made and destroyed on the VM loop, under MachineLock; used by the unit on its IoThread.
class ScsiMedium {
public:
    // Claims the node until destruction; it outlives this. Errors: those of claim(); the host
    // cannot do I/O on the node. A CD is never written.
    [[nodiscard]] static Result<std::unique_ptr<ScsiMedium>> create(BlockNode& node,
                                                                    const ScsiUnitOptions& options,
                                                                    std::size_t tasks_max);
    ~ScsiMedium() { node_.release(); }
    ScsiMedium(const ScsiMedium&) = delete;
    ScsiMedium& operator=(const ScsiMedium&) = delete;

    [[nodiscard]] BlockNode& node() const { return node_; }
    [[nodiscard]] ThrottledEngine& engine() const { return *engine_; }

private:
    explicit ScsiMedium(BlockNode& node) : node_(node) {}

    BlockNode& node_;
    std::unique_ptr<ThrottledEngine> engine_;
};

}  // namespace siskin
