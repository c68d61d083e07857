// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_disk_types: what the properties make.
#include "devices/scsi/scsi_disk_types.h"

#include <doctest/doctest.h>

namespace siskin {

TEST_SUITE("devices/scsi/scsi_disk_types") {
    TEST_CASE("the device identification is what was said, or the serial, or the drive's id") {
        ScsiHdConfig config;
        CHECK(scsi_options_of(config, "").device_id.empty());
        CHECK(scsi_options_of(config, "drive0").device_id == "drive0");
        config.disk.serial = "serial that is longer than twenty";
        CHECK(scsi_options_of(config, "drive0").device_id == "serial that is longe");
        config.disk.device_id = "drive-scsi0-0-0-0";
        CHECK(scsi_options_of(config, "drive0").device_id == "drive-scsi0-0-0-0");
    }

    TEST_CASE("discards are of 4096 bytes unasked, or of a larger block") {
        ScsiHdConfig config;
        CHECK(scsi_options_of(config, "").discard_granularity == 4096);
        config.hd.logical_block_size = ByteCount{8192};
        CHECK(scsi_options_of(config, "").discard_granularity == 8192);
        config.hd.discard_granularity = ByteCount{0};
        CHECK(scsi_options_of(config, "").discard_granularity == 0);
    }

    TEST_CASE("a CD has blocks of 2048 bytes, a name of its own, and takes another") {
        ScsiCdConfig config;
        CHECK(scsi_options_of(config, "").is_cd);
        CHECK(scsi_options_of(config, "").block_size == 2048);
        CHECK(scsi_options_of(config, "").product == "QEMU CD-ROM");
        config.disk.product = "DRIVE";
        CHECK(scsi_options_of(config, "").product == "DRIVE");
    }

    TEST_CASE("names and kinds are QEMU's") {
        CHECK(kScsiHdType.name == "scsi-hd");
        CHECK(kScsiHdType.bus == "SCSI");
        CHECK(kScsiCdType.name == "scsi-cd");
    }
}

}  // namespace siskin
