// SPDX-License-Identifier: Apache-2.0
// What an -object iothread takes: how long it looks for work before it waits for it.
#pragma once

#include <cstdint>
#include <span>

#include "base/loop/poll_time.h"
#include "base/object/property.h"

namespace siskin {

// docs/decisions/0029-polling-as-in-qemu.md
struct IoThreadConfig {
    std::uint64_t poll_max_ns = 32'768;
    std::uint32_t poll_grow = 0;
    std::uint32_t poll_shrink = 0;
};

[[nodiscard]] std::span<const PropertyGroup> io_thread_properties();
[[nodiscard]] PollLimits poll_limits_of(const IoThreadConfig& config);

}  // namespace siskin
