// SPDX-License-Identifier: Apache-2.0
// The QMP commands that make, remove and list block nodes.
#pragma once

#include <vector>

#include "qmp/generated/commands.h"
#include "vmm/machine/block_graph.h"
#include "vmm/machine/machine.h"

namespace siskin {

// A node as queries show it.
[[nodiscard]] qmp::BlockDeviceInfo block_device_info(const BlockGraph::Entry& entry);

// Thread: VM loop.
class BlockdevHandlers final : public qmp::BlockdevCommands {
public:
    explicit BlockdevHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<> blockdev_add(const qmp::BlockdevOptions& options) override;
    [[nodiscard]] Result<> blockdev_del(const qmp::BlockdevDelArguments& arguments) override;
    [[nodiscard]] Result<std::vector<qmp::BlockDeviceInfo>> query_named_block_nodes(
        const qmp::QueryNamedBlockNodesArguments& arguments) override;

private:
    Machine& machine_;
};

}  // namespace siskin
