// SPDX-License-Identifier: Apache-2.0
// What the tests of the real-time clock share.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "devices/platform/rtc_cmos.h"
#include "tests/unit/devices/platform/platform_bench.h"

namespace siskin::test {

// 2024-02-29 23:59:50 UTC, a Thursday.
inline constexpr std::chrono::seconds kLeapDay{1709251190};

struct RtcBench {
    explicit RtcBench(std::chrono::nanoseconds utc = kLeapDay)
        : clock(utc), rtc(std::move(*RtcCmos::create(irq, clock))) {}

    unsigned get(unsigned index) const {
        out8(*rtc, 0, index);
        return in8(*rtc, 1);
    }
    void put(unsigned index, unsigned value) const {
        out8(*rtc, 0, index);
        out8(*rtc, 1, value);
    }
    // Seconds, minutes, hours, day of week, day, month, year, century.
    std::vector<unsigned> time() const {
        return {get(0), get(2), get(4), get(6), get(7), get(8), get(9), get(0x32)};
    }
    void put_time(const std::vector<unsigned>& time) const {
        const unsigned indices[] = {0, 2, 4, 6, 7, 8, 9, 0x32};
        for (std::size_t number = 0; number < time.size(); ++number) {
            put(indices[number], time[number]);
        }
    }

    FakeIrq irq;
    FakeClock clock;
    std::unique_ptr<RtcCmos> rtc;
};

using Time = std::vector<unsigned>;

}  // namespace siskin::test
