// SPDX-License-Identifier: Apache-2.0
// ScsiSense: what a CHECK CONDITION says is wrong, and how it is written.
#pragma once

#include <array>
#include <cstdint>

#include "devices/scsi/spec.h"

namespace siskin {

// SPC-4 §4.5: sense key, additional sense code and its qualifier. All zero: nothing is wrong.
struct ScsiSense {
    std::uint8_t key = 0;
    std::uint8_t code = 0;
    std::uint8_t qualifier = 0;

    [[nodiscard]] constexpr bool is_good() const { return key == 0; }
    friend bool operator==(const ScsiSense&, const ScsiSense&) = default;
};

namespace scsi_sense {

inline constexpr ScsiSense kGood{};
// NOT READY
inline constexpr ScsiSense kNoMediumClosed{0x2, 0x3a, 0x01};
inline constexpr ScsiSense kNoMediumOpen{0x2, 0x3a, 0x02};
// MEDIUM ERROR
inline constexpr ScsiSense kWriteError{0x3, 0x0c, 0x00};
inline constexpr ScsiSense kReadError{0x3, 0x11, 0x00};
// HARDWARE ERROR
inline constexpr ScsiSense kTargetFailure{0x4, 0x44, 0x00};
// ILLEGAL REQUEST
inline constexpr ScsiSense kParameterListLength{0x5, 0x1a, 0x00};
inline constexpr ScsiSense kInvalidOperation{0x5, 0x20, 0x00};
inline constexpr ScsiSense kOutOfRange{0x5, 0x21, 0x00};
inline constexpr ScsiSense kInvalidField{0x5, 0x24, 0x00};
inline constexpr ScsiSense kNoSuchUnit{0x5, 0x25, 0x00};
inline constexpr ScsiSense kInvalidParameter{0x5, 0x26, 0x00};
inline constexpr ScsiSense kSavingUnsupported{0x5, 0x39, 0x00};
inline constexpr ScsiSense kRemovalPrevented{0x5, 0x53, 0x02};
// UNIT ATTENTION
inline constexpr ScsiSense kMediumMayHaveChanged{0x6, 0x28, 0x00};
inline constexpr ScsiSense kReset{0x6, 0x29, 0x00};
inline constexpr ScsiSense kModeChanged{0x6, 0x2a, 0x01};
inline constexpr ScsiSense kCapacityChanged{0x6, 0x2a, 0x09};
inline constexpr ScsiSense kLunsChanged{0x6, 0x3f, 0x0e};
// DATA PROTECT
inline constexpr ScsiSense kWriteProtected{0x7, 0x27, 0x00};
inline constexpr ScsiSense kNoSpace{0x7, 0x27, 0x07};

}  // namespace scsi_sense

// What a failed host call is to the guest; `is_read`: of a read, else of a write or a flush.
[[nodiscard]] ScsiSense sense_of_errno(int error_number, bool is_read);

// SPC-4 §4.5.3.
using FixedSense = std::array<std::uint8_t, scsi_spec::kFixedSenseSize>;
[[nodiscard]] FixedSense fixed_sense(const ScsiSense& sense);

}  // namespace siskin
