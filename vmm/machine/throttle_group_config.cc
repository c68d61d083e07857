// SPDX-License-Identifier: Apache-2.0
// The table of a throttle group's limits.
#include "vmm/machine/throttle_group_config.h"

#include <array>
#include <string>

#include "base/text.h"

namespace siskin {
namespace {

using Config = ThrottleGroupConfig;

// The names of QEMU 7.2, whose x- says that `limits` is the form to use.
constexpr std::array kProperties{
    property<&Config::bps_total>("x-bps-total", "Bytes a second; 0 for no limit."),
    property<&Config::bps_total_max>("x-bps-total-max", "Bytes a second during a burst."),
    property<&Config::bps_total_max_length>("x-bps-total-max-length", "Seconds of such a burst."),
    property<&Config::bps_read>("x-bps-read", "Bytes read a second; 0 for no limit."),
    property<&Config::bps_read_max>("x-bps-read-max", "Bytes read a second during a burst."),
    property<&Config::bps_read_max_length>("x-bps-read-max-length", "Seconds of such a burst."),
    property<&Config::bps_write>("x-bps-write", "Bytes written a second; 0 for no limit."),
    property<&Config::bps_write_max>("x-bps-write-max", "Bytes written a second during a burst."),
    property<&Config::bps_write_max_length>("x-bps-write-max-length", "Seconds of such a burst."),
    property<&Config::iops_total>("x-iops-total", "Requests a second; 0 for no limit."),
    property<&Config::iops_total_max>("x-iops-total-max", "Requests a second during a burst."),
    property<&Config::iops_total_max_length>("x-iops-total-max-length", "Seconds of such a burst."),
    property<&Config::iops_read>("x-iops-read", "Reads a second; 0 for no limit."),
    property<&Config::iops_read_max>("x-iops-read-max", "Reads a second during a burst."),
    property<&Config::iops_read_max_length>("x-iops-read-max-length", "Seconds of such a burst."),
    property<&Config::iops_write>("x-iops-write", "Writes a second; 0 for no limit."),
    property<&Config::iops_write_max>("x-iops-write-max", "Writes a second during a burst."),
    property<&Config::iops_write_max_length>("x-iops-write-max-length", "Seconds of such a burst."),
    property<&Config::iops_size>("x-iops-size",
                                 "Bytes that count as one request; 0: each request is one."),
};
constexpr std::array kGroups{group_of_whole(kProperties)};

}  // namespace

std::span<const PropertyGroup> throttle_group_properties() {
    return kGroups;
}

Result<ThrottleLimits> throttle_limits_of(const ThrottleGroupConfig& config) {
    using enum ThrottleScope;
    ThrottleLimits limits;
    const auto set = [&](ThrottleUnit unit, ThrottleScope scope, std::uint64_t average,
                         std::uint64_t max, std::uint64_t length) {
        ThrottleLimit& limit = limits.of(unit, scope);
        limit.average = average;
        limit.max = max;
        limit.burst_s = length;
    };
    set(ThrottleUnit::Bytes, Total, config.bps_total, config.bps_total_max,
        config.bps_total_max_length);
    set(ThrottleUnit::Bytes, Read, config.bps_read, config.bps_read_max,
        config.bps_read_max_length);
    set(ThrottleUnit::Bytes, Write, config.bps_write, config.bps_write_max,
        config.bps_write_max_length);
    set(ThrottleUnit::Requests, Total, config.iops_total, config.iops_total_max,
        config.iops_total_max_length);
    set(ThrottleUnit::Requests, Read, config.iops_read, config.iops_read_max,
        config.iops_read_max_length);
    set(ThrottleUnit::Requests, Write, config.iops_write, config.iops_write_max,
        config.iops_write_max_length);
    limits.iops_size = config.iops_size;
    SISKIN_TRY(check_throttle_limits(limits));
    return limits;
}

Result<Value::Dict> spread_throttle_limits(const Value::Dict& members) {
    Value::Dict spread;
    for (const auto& [name, value] : members) {
        const auto* const limits = name == "limits" ? value.as_dict() : nullptr;
        if (limits == nullptr) {
            if (name.starts_with("x-") && members.find("limits") != nullptr) {
                return fail("limits and the names with x- cannot be used at the same time");
            }
            spread.set(name, value);
            continue;
        }
        for (const auto& [limit, number] : *limits) {
            spread.set(concat("x-", limit), number);
        }
    }
    return spread;
}

}  // namespace siskin
