// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_command: what the bytes of a CDB mean.
#include "devices/scsi/scsi_command.h"

#include <doctest/doctest.h>

#include <vector>

namespace siskin {
namespace {

using Cdb = std::vector<std::uint8_t>;

}  // namespace

TEST_SUITE("devices/scsi/scsi_command") {
    TEST_CASE("ranges of each length are read, high bytes first") {
        const ScsiCommand six = read_command(Cdb{0x08, 0xff, 0x34, 0x56, 2, 0}, 512);
        CHECK(six.lba == 0x1f3456);  // 21 bits
        CHECK(six.blocks == 2);
        CHECK(six.data_size == 1024);
        const ScsiCommand ten = read_command(Cdb{0x2a, 0, 1, 2, 3, 4, 0, 5, 6, 0}, 512);
        CHECK(ten.lba == 0x01020304);
        CHECK(ten.blocks == 0x0506);
        CHECK(ten.direction == ScsiDirection::FromDriver);
        const ScsiCommand twelve = read_command(Cdb{0xa8, 0, 1, 2, 3, 4, 0, 0, 1, 0, 0, 0}, 2048);
        CHECK(twelve.blocks == 256);
        CHECK(twelve.data_size == 256 * 2048);
        const ScsiCommand sixteen =
            read_command(Cdb{0x88, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xff, 0, 0}, 4096);
        CHECK(sixteen.lba == 0x0102030405060708);
        CHECK(sixteen.data_size == std::uint64_t{0xffffffff} * 4096);
    }

    TEST_CASE("a length of 0 in READ (6) means 256 blocks, elsewhere none") {
        CHECK(read_command(Cdb{0x08, 0, 0, 0, 0, 0}, 512).blocks == 256);
        const ScsiCommand ten = read_command(Cdb{0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 512);
        CHECK(ten.blocks == 0);
        CHECK(ten.direction == ScsiDirection::None);
    }

    TEST_CASE("each command that is known and cut short is an invalid field, not a wrong read") {
        const std::vector<Cdb> shortest{Cdb(6, 0), Cdb{0x12, 0, 0, 0, 36, 0},
                                        Cdb{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0},
                                        Cdb{0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0},
                                        Cdb{0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}};
        for (const Cdb& whole : shortest) {
            CHECK(read_command(whole, 512).problem.is_good());
            for (std::size_t size = 1; size < whole.size(); ++size) {
                const Cdb cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
                CHECK(read_command(cut, 512).problem == scsi_sense::kInvalidField);
            }
        }
        CHECK(read_command(Cdb{}, 512).problem == scsi_sense::kInvalidOperation);
    }

    TEST_CASE("bytes behind a CDB do not count, and unknown operations are refused") {
        Cdb padded{0x12, 0, 0, 0, 36, 0};
        padded.resize(255, 0xff);
        CHECK(read_command(padded, 512).data_size == 36);
        for (const std::uint8_t operation : Cdb{0x7f, 0xff, 0xc0, 0x04, 0x9f, 0xa3}) {
            Cdb cdb(16, 0);
            cdb[0] = operation;
            CHECK(read_command(cdb, 512).problem == scsi_sense::kInvalidOperation);
        }
    }

    TEST_CASE("WRITE SAME moves one block, and none with NDOB; other service actions are refused") {
        Cdb same(16, 0);
        same[0] = 0x93;
        same[13] = 8;
        CHECK(read_command(same, 512).data_size == 512);
        CHECK(read_command(same, 512).blocks == 8);
        same[1] = 0x01;
        CHECK(read_command(same, 512).data_size == 0);
        Cdb action(16, 0);
        action[0] = 0x9e;
        action[1] = 0x12;
        CHECK(read_command(action, 512).problem == scsi_sense::kInvalidField);
    }
}

}  // namespace siskin
