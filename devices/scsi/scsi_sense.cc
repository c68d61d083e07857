// SPDX-License-Identifier: Apache-2.0
// Sense data.
#include "devices/scsi/scsi_sense.h"

#include <cerrno>

namespace siskin {

ScsiSense sense_of_errno(int error_number, bool is_read) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT: return scsi_sense::kNoSpace;
        case EACCES:
        case EPERM:
        case EROFS: return is_read ? scsi_sense::kReadError : scsi_sense::kWriteProtected;
        case ENOMEM: return scsi_sense::kTargetFailure;
        default: return is_read ? scsi_sense::kReadError : scsi_sense::kWriteError;
    }
}

FixedSense fixed_sense(const ScsiSense& sense) {
    constexpr std::uint8_t kCurrentFixed = 0x70;
    constexpr std::uint8_t kFurther = scsi_spec::kFixedSenseSize - 8;
    FixedSense bytes{};
    bytes[0] = kCurrentFixed;
    bytes[2] = sense.key;
    bytes[7] = kFurther;
    bytes[12] = sense.code;
    bytes[13] = sense.qualifier;
    return bytes;
}

}  // namespace siskin
