// SPDX-License-Identifier: Apache-2.0
// What an -object throttle-group takes: the limits one by one, or together as `limits`.
#pragma once

#include <cstdint>
#include <span>

#include "base/object/device_type.h"
#include "base/object/property.h"
#include "base/result.h"
#include "base/value.h"
#include "devices/block/throttle_limits.h"

namespace siskin {

struct ThrottleGroupConfig {
    std::uint64_t bps_total = 0;
    std::uint64_t bps_total_max = 0;
    std::uint64_t bps_total_max_length = 1;
    std::uint64_t bps_read = 0;
    std::uint64_t bps_read_max = 0;
    std::uint64_t bps_read_max_length = 1;
    std::uint64_t bps_write = 0;
    std::uint64_t bps_write_max = 0;
    std::uint64_t bps_write_max_length = 1;
    std::uint64_t iops_total = 0;
    std::uint64_t iops_total_max = 0;
    std::uint64_t iops_total_max_length = 1;
    std::uint64_t iops_read = 0;
    std::uint64_t iops_read_max = 0;
    std::uint64_t iops_read_max_length = 1;
    std::uint64_t iops_write = 0;
    std::uint64_t iops_write_max = 0;
    std::uint64_t iops_write_max_length = 1;
    std::uint64_t iops_size = 0;
};

[[nodiscard]] std::span<const PropertyGroup> throttle_group_properties();
// Errors: those of check_throttle_limits().
[[nodiscard]] Result<ThrottleLimits> throttle_limits_of(const ThrottleGroupConfig& config);
// The members of `limits` under the names of the table. Error: a limit is given both ways.
[[nodiscard]] Result<Value::Dict> spread_throttle_limits(const Value::Dict& members);

}  // namespace siskin
