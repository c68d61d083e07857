// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_bus: which places there are, and who has them.
#include "devices/scsi/scsi_bus.h"

#include <doctest/doctest.h>

#include "devices/scsi/scsi_target.h"

namespace siskin {

TEST_SUITE("devices/scsi/scsi_bus") {
    TEST_CASE("without a wish units get targets of their own, with a target the next unit") {
        ScsiBus bus("scsi0.0", nullptr);
        bus.take(ScsiAddress{0, 0}, "d0");
        CHECK(*bus.choose({}) == ScsiAddress{1, 0});
        CHECK(*bus.choose({0, 0, std::nullopt}) == ScsiAddress{0, 1});
        CHECK(*bus.choose({0, std::nullopt, 3}) == ScsiAddress{0, 3});
        bus.give_back(ScsiAddress{0, 0});
        CHECK(*bus.choose({}) == ScsiAddress{0, 0});
    }

    TEST_CASE("places that are not there, and one that is taken, are refused in QEMU's words") {
        ScsiBus bus("scsi0.0", nullptr);
        bus.take(ScsiAddress{2, 5}, "d0");
        CHECK(bus.choose({1, 0, 0}).error().message == "bad scsi channel id: 1");
        CHECK(bus.choose({0, 256, 0}).error().message == "bad scsi device id: 256");
        CHECK(bus.choose({0, 255, 0}).has_value());
        CHECK(bus.choose({0, 0, 16384}).error().message == "bad scsi device lun: 16384");
        CHECK(bus.choose({0, 0, 16383}).has_value());
        CHECK(bus.choose({0, 2, 5}).error().message == "lun already used by 'd0'");
    }

    TEST_CASE("a full bus and a full target take no more") {
        ScsiBus bus("scsi0.0", nullptr);
        for (std::uint16_t target = 0; target < 256; ++target) {
            bus.take(ScsiAddress{target, 0}, "d");
        }
        CHECK(bus.choose({}).error().message == "no free target");
        for (std::uint16_t lun = 1; lun < kScsiUnitsPerTargetMax; ++lun) {
            bus.take(ScsiAddress{7, lun}, "d");
        }
        CHECK(bus.choose({0, 7, std::nullopt}).error().message ==
              "target 7 has 255 units, the most is 255");
    }
}

}  // namespace siskin
