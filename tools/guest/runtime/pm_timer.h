// SPDX-License-Identifier: Apache-2.0
// Time limits by the ACPI power management timer: 3.579545 MHz, 24 bits at least (ACPI 6.4
// §4.8.3.3).
#pragma once

#include <cstdint>

#include "tools/guest/runtime/io.h"

namespace siskin::guest {

// Set once by the guest, from the FADT; without it a Deadline counts its looks.
void use_pm_timer(std::uint16_t port);
[[nodiscard]] std::uint32_t read_pm_timer();

inline constexpr std::uint64_t kPmTimerHz = 3579545;

// Passed after so many milliseconds. Ask more often than every 4 seconds: the timer wraps.
class Deadline {
public:
    explicit Deadline(std::uint64_t milliseconds);
    [[nodiscard]] bool passed();

private:
    std::uint64_t ticks_left_;
    std::uint32_t last_;
};

inline constexpr std::uint64_t kPatienceMs = 5000;

// Waits until condition() holds; false when that took too long.
template <typename Condition>
[[nodiscard]] bool wait_until(Condition condition, std::uint64_t milliseconds = kPatienceMs) {
    for (Deadline deadline(milliseconds); !condition();) {
        if (deadline.passed()) {
            return condition();
        }
        pause();
    }
    return true;
}

}  // namespace siskin::guest
