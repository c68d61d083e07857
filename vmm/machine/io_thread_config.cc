// SPDX-License-Identifier: Apache-2.0
// The table of an I/O thread's properties.
#include "vmm/machine/io_thread_config.h"

#include <array>

namespace siskin {
namespace {

using Config = IoThreadConfig;

// What comes by a descriptor alone, posted work among it, waits for the end of a look.
constexpr InRange kPollTimes{0, 1'000'000};

constexpr std::array kProperties{
    property<&Config::poll_max_ns>(
        "poll-max-ns",
        "The most nanoseconds it looks for work before it waits for it; 0: it never looks.",
        kPollTimes),
    property<&Config::poll_grow>(
        "poll-grow", "By which factor that time grows while work comes soon; 0: it doubles."),
    property<&Config::poll_shrink>(
        "poll-shrink", "By which divisor it shrinks while none comes; 0: to nothing at once."),
};
constexpr std::array kGroups{group_of_whole(kProperties)};

}  // namespace

std::span<const PropertyGroup> io_thread_properties() {
    return kGroups;
}

PollLimits poll_limits_of(const IoThreadConfig& config) {
    return PollLimits{std::chrono::nanoseconds(config.poll_max_ns), config.poll_grow,
                      config.poll_shrink};
}

}  // namespace siskin
