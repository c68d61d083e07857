// SPDX-License-Identifier: Apache-2.0
// What a target answers in the stead of a unit: REPORT LUNS, and commands to a unit that it has
// not.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "devices/scsi/scsi_task.h"

namespace siskin {

// Units a target has at most: REPORT LUNS of all is one reply.
inline constexpr std::size_t kScsiUnitsPerTargetMax = 255;

// SAM-5 §4.7.7.4: one level of a LUN, in peripheral or flat space format.
using ScsiLunBytes = std::array<std::uint8_t, 2>;
[[nodiscard]] constexpr ScsiLunBytes scsi_lun_bytes(std::uint16_t lun) {
    constexpr std::uint8_t kFlat = 0x40;
    const auto high = static_cast<std::uint8_t>(lun >> 8U);
    return {static_cast<std::uint8_t>(lun < 256 ? 0 : kFlat | high),
            static_cast<std::uint8_t>(lun & 0xffU)};
}

// REPORT LUNS of a target with these units, in order. Fills in the task's end and calls nothing.
void report_luns(ScsiTask& task, std::span<const std::uint16_t> luns);

// A command other than REPORT LUNS to a unit that is not there, of a target that has others.
void execute_on_absent_unit(ScsiTask& task, std::uint16_t lun);

}  // namespace siskin
