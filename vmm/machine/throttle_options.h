// SPDX-License-Identifier: Apache-2.0
// Limits as options and commands spell them: bps-total, iops-read-max, bps_wr, ...
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "devices/block/throttle_limits.h"

namespace siskin {

// The members that are limits leave the dictionary. `prefix` stands before each name
// ("throttling.", "x-"); `with_aliases`: -drive's old names, too (bps, iops_rd_max, ...). Errors: a
// value is no number, a limit is given by both names, the limits together cannot be.
[[nodiscard]] Result<ThrottleLimits> take_throttle_limits(Value::Dict& members,
                                                          std::string_view prefix,
                                                          bool with_aliases);

}  // namespace siskin
