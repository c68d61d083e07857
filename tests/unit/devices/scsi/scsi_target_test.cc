// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_target.
#include "devices/scsi/scsi_target.h"

#include <doctest/doctest.h>

#include <numeric>

#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

struct Absent {
    explicit Absent(const Bytes& cdb, std::size_t room = 4096) {
        task.command = read_command(cdb, 512);
        task.bytes.resize(room, ScsiBench::kUntouched);
        task.buffer = iovec{task.bytes.data(), task.bytes.size()};
        task.data = std::span(&task.buffer, 1);
    }
    TestTask task;
};

Bytes report(std::uint8_t select, std::uint8_t room) {
    return {0xa0, 0, select, 0, 0, 0, 0, 0, 0, room, 0, 0};
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_target") {
    TEST_CASE("REPORT LUNS lists the units, and unit 0 in any case (SPC-4 §6.33)") {
        Absent absent(report(0, 255), 255);
        report_luns(absent.task, std::vector<std::uint16_t>{1, 0x1234});
        CHECK(absent.task.status == scsi_spec::kGood);
        CHECK(absent.task.transferred == 32);
        CHECK(Bytes(absent.task.bytes.begin(), absent.task.bytes.begin() + 33) ==
              Bytes{0, 0, 0, 24, 0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0,   0,
                    1, 0, 0, 0,  0, 0, 0, 0x52, 0x34, 0, 0, 0, 0, 0, 0, 0xa5});
    }

    TEST_CASE("a full target fits, and less room cuts the list but not its length") {
        std::vector<std::uint16_t> luns(kScsiUnitsPerTargetMax);
        std::iota(luns.begin(), luns.end(), std::uint16_t{1});
        Absent absent(report(2, 16), 16);
        report_luns(absent.task, luns);
        CHECK(absent.task.transferred == 16);
        CHECK(big_endian(std::span(absent.task.bytes).first(4)) == 256 * 8);
    }

    TEST_CASE("well-known units are none, and reserved choices and too little room are refused") {
        Absent none(report(1, 16), 16);
        report_luns(none.task, std::vector<std::uint16_t>{0});
        CHECK(none.task.transferred == 8);
        Absent reserved(report(3, 16), 16);
        report_luns(reserved.task, std::vector<std::uint16_t>{0});
        CHECK(reserved.task.sense == scsi_sense::kInvalidField);
        Absent little(report(0, 15), 15);
        report_luns(little.task, std::vector<std::uint16_t>{0});
        CHECK(little.task.sense == scsi_sense::kInvalidField);
    }

    TEST_CASE("a unit that is not there says so to INQUIRY, and is no unit to the rest") {
        Absent inquiry(Bytes{0x12, 0, 0, 0, 36, 0}, 36);
        execute_on_absent_unit(inquiry.task, 1);
        CHECK(inquiry.task.bytes[0] == 0x7f);
        Absent first(Bytes{0x12, 0, 0, 0, 36, 0}, 36);
        execute_on_absent_unit(first.task, 0);
        CHECK(first.task.bytes[0] == 0x3f);
        Absent ready(Bytes{0, 0, 0, 0, 0, 0}, 0);
        execute_on_absent_unit(ready.task, 1);
        CHECK(ready.task.status == scsi_spec::kCheckCondition);
        CHECK(ready.task.sense == scsi_sense::kNoSuchUnit);
        Absent page(Bytes{0x12, 1, 0, 0, 36, 0}, 36);
        execute_on_absent_unit(page.task, 1);
        CHECK(page.task.sense == scsi_sense::kInvalidField);
    }
}

}  // namespace siskin
