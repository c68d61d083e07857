// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_sense.
#include "devices/scsi/scsi_sense.h"

#include <doctest/doctest.h>

#include <cerrno>

namespace siskin {

TEST_SUITE("devices/scsi/scsi_sense") {
    TEST_CASE("fixed sense data has key, code and qualifier at their places (SPC-4 §4.5.3)") {
        const FixedSense bytes = fixed_sense(scsi_sense::kNoMediumOpen);
        CHECK(bytes[0] == 0x70);
        CHECK(bytes[2] == 0x02);
        CHECK(bytes[7] == 10);
        CHECK(bytes[12] == 0x3a);
        CHECK(bytes[13] == 0x02);
    }

    TEST_CASE("errors of the host become what a disk would say") {
        CHECK(sense_of_errno(EIO, true) == scsi_sense::kReadError);
        CHECK(sense_of_errno(EIO, false) == scsi_sense::kWriteError);
        CHECK(sense_of_errno(ENOSPC, false) == scsi_sense::kNoSpace);
        CHECK(sense_of_errno(EDQUOT, false) == scsi_sense::kNoSpace);
        CHECK(sense_of_errno(EROFS, false) == scsi_sense::kWriteProtected);
        CHECK(sense_of_errno(EACCES, true) == scsi_sense::kReadError);
        CHECK(sense_of_errno(ENOMEM, true) == scsi_sense::kTargetFailure);
    }
}

}  // namespace siskin
