// SPDX-License-Identifier: Apache-2.0
// Objects made and removed over QMP: I/O threads and throttle groups.
#include <cstdint>
#include <optional>

#include "base/object/device_tree.h"
#include "base/text.h"
#include "vmm/machine/commands_qom.h"

namespace siskin {
namespace {

using Number = std::optional<std::int64_t>;

// Sets one limit where its numbers are given. A negative number is beyond the most as well.
class LimitSetter {
public:
    explicit LimitSetter(ThrottleLimits& limits) : limits_(limits) {}
    void operator()(ThrottleUnit unit, ThrottleScope scope, const Number& average,
                    const Number& max, const Number& length) const {
        ThrottleLimit& limit = limits_.of(unit, scope);
        limit.average = static_cast<std::uint64_t>(average.value_or(0));
        limit.max = static_cast<std::uint64_t>(max.value_or(0));
        limit.burst_s = static_cast<std::uint64_t>(length.value_or(1));
    }

private:
    ThrottleLimits& limits_;
};

ThrottleLimits limits_of(const qmp::ThrottleLimits& given) {
    using enum ThrottleScope;
    ThrottleLimits limits;
    const LimitSetter set(limits);
    set(ThrottleUnit::Bytes, Total, given.bps_total, given.bps_total_max,
        given.bps_total_max_length);
    set(ThrottleUnit::Bytes, Read, given.bps_read, given.bps_read_max, given.bps_read_max_length);
    set(ThrottleUnit::Bytes, Write, given.bps_write, given.bps_write_max,
        given.bps_write_max_length);
    set(ThrottleUnit::Requests, Total, given.iops_total, given.iops_total_max,
        given.iops_total_max_length);
    set(ThrottleUnit::Requests, Read, given.iops_read, given.iops_read_max,
        given.iops_read_max_length);
    set(ThrottleUnit::Requests, Write, given.iops_write, given.iops_write_max,
        given.iops_write_max_length);
    limits.iops_size = static_cast<std::uint64_t>(given.iops_size.value_or(0));
    return limits;
}

ThrottleLimits old_limits_of(const qmp::ThrottleGroupProperties& given) {
    using enum ThrottleScope;
    ThrottleLimits limits;
    const LimitSetter set(limits);
    set(ThrottleUnit::Bytes, Total, given.x_bps_total, given.x_bps_total_max,
        given.x_bps_total_max_length);
    set(ThrottleUnit::Bytes, Read, given.x_bps_read, given.x_bps_read_max,
        given.x_bps_read_max_length);
    set(ThrottleUnit::Bytes, Write, given.x_bps_write, given.x_bps_write_max,
        given.x_bps_write_max_length);
    set(ThrottleUnit::Requests, Total, given.x_iops_total, given.x_iops_total_max,
        given.x_iops_total_max_length);
    set(ThrottleUnit::Requests, Read, given.x_iops_read, given.x_iops_read_max,
        given.x_iops_read_max_length);
    set(ThrottleUnit::Requests, Write, given.x_iops_write, given.x_iops_write_max,
        given.x_iops_write_max_length);
    limits.iops_size = static_cast<std::uint64_t>(given.x_iops_size.value_or(0));
    return limits;
}

Result<ThrottleLimits> throttle_limits_of(const qmp::ThrottleGroupProperties& given) {
    const ThrottleLimits old = old_limits_of(given);
    if (!given.limits) {
        return old;
    }
    if (!(old == ThrottleLimits{})) {
        return fail("limits and the names with x- cannot be used at the same time");
    }
    return limits_of(*given.limits);
}

bool uses_io_thread(const Device& device, const std::string& id) {
    const BoundProperty property =
        find_property(device.type().properties, device.config(), "iothread");
    return property.row != nullptr && property.get() == Value(id);
}

}  // namespace

// The list of I/O threads is the VM loop's; starting and joining one needs no lock.
Result<> ObjectHandlers::object_add(const qmp::ObjectOptions& arguments) {
    if (!is_identifier(arguments.id)) {
        return fail("Parameter 'id' expects an identifier");
    }
    for (const IoThreads::Entry& entry : machine_.io_threads().entries()) {
        if (entry.id == arguments.id) {
            return fail(concat("attempt to add duplicate property '", arguments.id,
                               "' to object (type 'container')"));
        }
    }
    if (arguments.as_throttle_group) {
        const ThrottleLimits limits = SISKIN_TRY(throttle_limits_of(*arguments.as_throttle_group));
        return machine_.disks().throttle_groups().add(arguments.id, limits);
    }
    if (machine_.disks().throttle_groups().is_object(arguments.id)) {
        return fail(concat("attempt to add duplicate property '", arguments.id,
                           "' to object (type 'container')"));
    }
    return machine_.io_threads().add(arguments.id);
}

Result<> ObjectHandlers::object_del(const qmp::ObjectDelArguments& arguments) {
    {
        const MutexLock hold(machine_.lock());
        for (const DeviceTree::Entry& entry : machine_.devices().entries()) {
            if (!arguments.id.empty() && uses_io_thread(*entry.device, arguments.id)) {
                return fail(concat("object '", arguments.id, "' is in use, can not be deleted"));
            }
        }
    }
    if (machine_.disks().throttle_groups().is_used(arguments.id)) {
        return fail(concat("object '", arguments.id, "' is in use, can not be deleted"));
    }
    if (machine_.disks().throttle_groups().remove(arguments.id)) {
        return {};
    }
    if (!machine_.io_threads().remove(arguments.id)) {
        return fail(concat("object '", printable(arguments.id), "' not found"));
    }
    return {};
}

Result<std::vector<qmp::IOThreadInfo>> ObjectHandlers::query_iothreads() {
    std::vector<qmp::IOThreadInfo> infos;
    for (const IoThreads::Entry& entry : machine_.io_threads().entries()) {
        if (!entry.id.empty()) {
            qmp::IOThreadInfo info;
            info.id = entry.id;
            info.thread_id = entry.thread->thread_id();
            infos.push_back(std::move(info));
        }
    }
    return infos;
}

}  // namespace siskin
