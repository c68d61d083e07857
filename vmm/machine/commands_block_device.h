// SPDX-License-Identifier: Apache-2.0
// The QMP commands about disks under way: statistics, size, limits.
#pragma once

#include <cstdint>
#include <vector>

#include "devices/block/block_counters.h"
#include "devices/block/throttle_limits.h"
#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"

namespace siskin {

// The limits of a block_set_io_throttle. Error: they cannot be.
[[nodiscard]] Result<ThrottleLimits> throttle_limits_of(
    const qmp::BlockSetIoThrottleArguments& arguments);

// As query-blockstats tells them; `now_ns` is of CLOCK_MONOTONIC.
[[nodiscard]] qmp::BlockDeviceStats block_device_stats(const BlockTotals& totals,
                                                       std::uint64_t now_ns);

// What query-block tells of limits, beside `info`'s other members.
void tell_limits(const ThrottleGroup& group, qmp::BlockDeviceInfo& info);

// Thread: VM loop.
class BlockDeviceHandlers final : public qmp::BlockDeviceCommands {
public:
    explicit BlockDeviceHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<std::vector<qmp::BlockStats>> query_blockstats(
        const qmp::QueryBlockstatsArguments& arguments) override;
    [[nodiscard]] Result<> block_resize(const qmp::BlockResizeArguments& arguments) override;
    [[nodiscard]] Result<> block_set_io_throttle(
        const qmp::BlockSetIoThrottleArguments& arguments) override;
    [[nodiscard]] Result<> x_blockdev_set_iothread(
        const qmp::XBlockdevSetIothreadArguments& arguments) override;

private:
    [[nodiscard]] qmp::BlockStats node_stats(const BlockGraph::Entry& node,
                                             const BlockTotals& totals) const;

    Machine& machine_;
};

}  // namespace siskin
