// SPDX-License-Identifier: Apache-2.0
// Reads the ACPI power management timer.
#include "tools/guest/runtime/pm_timer.h"

namespace siskin::guest {

namespace {

constexpr std::uint32_t kTimerMask = 0xffffff;
std::uint16_t timer_port = 0;
std::uint32_t looks = 0;

}  // namespace

void use_pm_timer(std::uint16_t port) {
    timer_port = port;
}

std::uint32_t read_pm_timer() {
    if (timer_port == 0) {
        looks += 32;  // about what one look takes
        return looks & kTimerMask;
    }
    return port_read32(timer_port) & kTimerMask;
}

Deadline::Deadline(std::uint64_t milliseconds)
    : ticks_left_(milliseconds * kPmTimerHz / 1000), last_(read_pm_timer()) {}

bool Deadline::passed() {
    const std::uint32_t now = read_pm_timer();
    const std::uint32_t step = (now - last_) & kTimerMask;
    last_ = now;
    ticks_left_ = step >= ticks_left_ ? 0 : ticks_left_ - step;
    return ticks_left_ == 0;
}

}  // namespace siskin::guest
