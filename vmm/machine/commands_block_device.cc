// SPDX-License-Identifier: Apache-2.0
// Statistics, size and limits of disks.
#include "vmm/machine/commands_block_device.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "vmm/machine/block_users.h"

namespace siskin {
namespace {

std::int64_t number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

const BlockGraph::Entry* find_node(const BlockGraph& blocks, const std::string& device,
                                   const std::string& node_name) {
    for (const BlockGraph::Entry& entry : blocks.entries()) {
        if ((!device.empty() && entry.drive_id == device) ||
            (device.empty() && !node_name.empty() && entry.node->name() == node_name)) {
            return &entry;
        }
    }
    return nullptr;
}

const DeviceTree::Entry* find_user(Machine& machine, const std::optional<std::string>& drive,
                                   const std::optional<std::string>& id) {
    if (id) {
        return find_disk_device(machine.devices(), *id);
    }
    const BlockGraph::Entry* const node = find_node(machine.blocks(), *drive, "");
    return node == nullptr ? nullptr : user_of(machine.devices(), *node);
}

}  // namespace

Result<ThrottleLimits> throttle_limits_of(const qmp::BlockSetIoThrottleArguments& arguments) {
    using enum ThrottleScope;
    ThrottleLimits limits;
    const auto set = [&](ThrottleUnit unit, ThrottleScope scope, std::int64_t average,
                         const std::optional<std::int64_t>& max,
                         const std::optional<std::int64_t>& length) {
        // A negative number is beyond the most as well.
        ThrottleLimit& limit = limits.of(unit, scope);
        limit.average = static_cast<std::uint64_t>(average);
        limit.max = static_cast<std::uint64_t>(max.value_or(0));
        limit.burst_s = static_cast<std::uint64_t>(length.value_or(1));
    };
    const auto& a = arguments;
    set(ThrottleUnit::Bytes, Total, a.bps, a.bps_max, a.bps_max_length);
    set(ThrottleUnit::Bytes, Read, a.bps_rd, a.bps_rd_max, a.bps_rd_max_length);
    set(ThrottleUnit::Bytes, Write, a.bps_wr, a.bps_wr_max, a.bps_wr_max_length);
    set(ThrottleUnit::Requests, Total, a.iops, a.iops_max, a.iops_max_length);
    set(ThrottleUnit::Requests, Read, a.iops_rd, a.iops_rd_max, a.iops_rd_max_length);
    set(ThrottleUnit::Requests, Write, a.iops_wr, a.iops_wr_max, a.iops_wr_max_length);
    limits.iops_size = static_cast<std::uint64_t>(a.iops_size.value_or(0));
    SISKIN_TRY(check_throttle_limits(limits));
    return limits;
}

qmp::BlockDeviceStats block_device_stats(const BlockTotals& totals, std::uint64_t now_ns) {
    const auto& reads = totals.of(BlockAccount::Read);
    const auto& writes = totals.of(BlockAccount::Write);
    const auto& flushes = totals.of(BlockAccount::Flush);
    const auto& unmaps = totals.of(BlockAccount::Unmap);
    qmp::BlockDeviceStats stats;
    stats.rd_bytes = number(reads.bytes);
    stats.wr_bytes = number(writes.bytes);
    stats.unmap_bytes = number(unmaps.bytes);
    stats.rd_operations = number(reads.operations);
    stats.wr_operations = number(writes.operations);
    stats.flush_operations = number(flushes.operations);
    stats.unmap_operations = number(unmaps.operations);
    stats.rd_total_time_ns = number(reads.total_time_ns);
    stats.wr_total_time_ns = number(writes.total_time_ns);
    stats.flush_total_time_ns = number(flushes.total_time_ns);
    stats.unmap_total_time_ns = number(unmaps.total_time_ns);
    stats.wr_highest_offset = number(totals.highest_offset);
    stats.failed_rd_operations = number(reads.failed);
    stats.failed_wr_operations = number(writes.failed);
    stats.failed_flush_operations = number(flushes.failed);
    stats.failed_unmap_operations = number(unmaps.failed);
    stats.invalid_rd_operations = number(reads.invalid);
    stats.invalid_wr_operations = number(writes.invalid);
    stats.invalid_flush_operations = number(flushes.invalid);
    stats.invalid_unmap_operations = number(unmaps.invalid);
    if (totals.last_access_ns != 0) {
        stats.idle_time_ns =
            number(now_ns > totals.last_access_ns ? now_ns - totals.last_access_ns : 0);
    }
    return stats;
}

void tell_limits(const ThrottleGroup& group, qmp::BlockDeviceInfo& info) {
    using enum ThrottleScope;
    const ThrottleLimits limits = group.limits();
    const auto tell = [&](ThrottleUnit unit, ThrottleScope scope, std::int64_t& average,
                          std::optional<std::int64_t>& max, std::optional<std::int64_t>& length) {
        const ThrottleLimit& limit = limits.of(unit, scope);
        average = number(limit.average);
        if (limit.max != 0) {
            max = number(limit.max);
            length = number(limit.burst_s);
        }
    };
    tell(ThrottleUnit::Bytes, Total, info.bps, info.bps_max, info.bps_max_length);
    tell(ThrottleUnit::Bytes, Read, info.bps_rd, info.bps_rd_max, info.bps_rd_max_length);
    tell(ThrottleUnit::Bytes, Write, info.bps_wr, info.bps_wr_max, info.bps_wr_max_length);
    tell(ThrottleUnit::Requests, Total, info.iops, info.iops_max, info.iops_max_length);
    tell(ThrottleUnit::Requests, Read, info.iops_rd, info.iops_rd_max, info.iops_rd_max_length);
    tell(ThrottleUnit::Requests, Write, info.iops_wr, info.iops_wr_max, info.iops_wr_max_length);
    if (limits.iops_size != 0) {
        info.iops_size = number(limits.iops_size);
    }
    info.group = group.name();
}

// Requests count at the disk; a node knows how far it was written.
qmp::BlockStats BlockDeviceHandlers::node_stats(const BlockGraph::Entry& node,
                                                const BlockTotals& totals) const {
    qmp::BlockStats stats;
    stats.node_name = node.node->name();
    stats.stats.wr_highest_offset = number(totals.highest_offset);
    if (const BlockGraph::Entry* const below = machine_.blocks().find(node.child)) {
        stats.parent = qmp::Box<qmp::BlockStats>(node_stats(*below, totals));
    }
    return stats;
}

Result<std::vector<qmp::BlockStats>> BlockDeviceHandlers::query_blockstats(
    const qmp::QueryBlockstatsArguments& arguments) {
    const MutexLock hold(machine_.lock());
    std::vector<qmp::BlockStats> all;
    for (const BlockGraph::Entry& node : machine_.blocks().entries()) {
        const DeviceTree::Entry* const user = user_of(machine_.devices(), node);
        const DiskControl* const disk = user == nullptr ? nullptr : disk_of(*user);
        const BlockTotals totals = disk == nullptr ? BlockTotals{} : disk->totals();
        qmp::BlockStats stats = node_stats(node, totals);
        if (arguments.query_nodes.value_or(false)) {
            all.push_back(std::move(stats));
            continue;
        }
        if (user == nullptr && node.drive_id.empty()) {
            continue;
        }
        stats.device = node.drive_id;
        stats.stats = block_device_stats(totals, monotonic_ns());
        if (disk != nullptr) {
            stats.qdev = disk_name(*user);
            stats.stats.account_failed = disk->accounts_failed();
            stats.stats.account_invalid = disk->accounts_invalid();
            if (disk->held_operations() != 0) {
                stats.stats.x_siskin_held_operations = number(disk->held_operations());
                stats.stats.x_siskin_held_time_ns = number(disk->held_ns());
            }
        }
        all.push_back(std::move(stats));
    }
    return all;
}

Result<> BlockDeviceHandlers::block_resize(const qmp::BlockResizeArguments& arguments) {
    const std::string device = arguments.device.value_or("");
    const std::string node_name = arguments.node_name.value_or("");
    const BlockGraph::Entry* const node = find_node(machine_.blocks(), device, node_name);
    if (node == nullptr) {
        return fail(concat("Cannot find device='", printable(device), "' nor node-name='",
                           printable(node_name), "'"));
    }
    if (arguments.size <= 0) {
        return fail("Parameter 'size' expects a >0 size");
    }
    SISKIN_TRY(machine_.blocks().check_sole_user(*node));
    if (node->node->read_only()) {
        return fail("Image is read-only");
    }
    const ByteCount size{static_cast<std::uint64_t>(arguments.size)};
    const DeviceTree::Entry* const user = user_of(machine_.devices(), *node);
    DiskControl* const disk = user == nullptr ? nullptr : disk_of(*user);
    if (disk == nullptr) {
        return node->node->resize(size);
    }
    SISKIN_TRY(disk->resize(size));
    const MutexLock hold(machine_.lock());
    disk->publish_size();
    return {};
}

Result<> BlockDeviceHandlers::block_set_io_throttle(
    const qmp::BlockSetIoThrottleArguments& arguments) {
    if (arguments.device.has_value() == arguments.id.has_value()) {
        return fail("Need exactly one of 'device' and 'id'");
    }
    const std::string name = arguments.device ? *arguments.device : *arguments.id;
    const MutexLock hold(machine_.lock());
    const DeviceTree::Entry* const user = find_user(machine_, arguments.device, arguments.id);
    if (user == nullptr) {
        return fail(ErrorClass::DeviceNotFound, concat("Device '", printable(name), "' not found"));
    }
    DiskControl* const disk = disk_of(*user);
    if (disk == nullptr) {
        return fail("Device does not have a block device backend");
    }
    const ThrottleLimits limits = SISKIN_TRY(throttle_limits_of(arguments));
    if (!limits.any()) {
        disk->set_throttle_group(nullptr);
        return {};
    }
    // As QEMU does it, a disk that is in a group already stays there unless another is named.
    std::shared_ptr<ThrottleGroup> group =
        arguments.group || disk->throttle_group() == nullptr
            ? machine_.disks().throttle_groups().find_or_make(arguments.group.value_or(name))
            : disk->throttle_group();
    group->configure(limits);
    if (group != disk->throttle_group()) {
        disk->set_throttle_group(std::move(group));
    }
    return {};
}

Result<> BlockDeviceHandlers::x_blockdev_set_iothread(
    const qmp::XBlockdevSetIothreadArguments& arguments) {
    const BlockGraph::Entry* const node = find_node(machine_.blocks(), "", arguments.node_name);
    if (node == nullptr) {
        return fail(
            concat("Failed to find node with node-name='", printable(arguments.node_name), "'"));
    }
    const auto users = users_above(machine_.devices(), machine_.blocks(), *node);
    if (!users.empty() && !arguments.force.value_or(false)) {
        return fail(concat("Node ", node->node->name(), " is associated with a disk and could be ",
                           "in use (use force=true to override this check)"));
    }
    const std::string id = arguments.iothread.as_s.value_or("");
    if (arguments.iothread.as_s && !machine_.io_threads().check(id)) {
        return fail(concat("Cannot find iothread ", printable(id)));
    }
    if (users.empty()) {
        return {};  // a node has no thread without its disk
    }
    if (users.size() > 1) {
        return fail(concat("Node ", node->node->name(), " is used by ", users.size(),
                           " disks, allowed is 1"));
    }
    Device& device = *users.front()->device;
    const BoundProperty mapping =
        find_property(device.type().properties, device.config(), "iothread-vq-mapping");
    if (mapping.row != nullptr && !mapping.get().as_list()->empty()) {
        return fail(concat("Node ", node->node->name(),
                           " is of a disk with iothread-vq-mapping, allowed is one with iothread"));
    }
    IoThread* const thread = SISKIN_TRY(machine_.io_threads().find(id));
    SISKIN_TRY(disk_of(*users.front())->move_to(*thread, machine_.lock()));
    const MutexLock hold(machine_.lock());
    return set_property(device.type().properties, device.config(), device.type().name, "iothread",
                        Value(id));
}

}  // namespace siskin
