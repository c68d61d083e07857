// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_cd_commands.
#include "devices/scsi/scsi_cd_commands.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

ScsiUnitState with_disc(std::uint64_t blocks) {
    ScsiUnitState state;
    state.has_medium = true;
    state.blocks = blocks;
    return state;
}

Bytes toc(const Bytes& cdb, const ScsiUnitState& state) {
    ScsiReply reply;
    const ScsiSense sense = read_toc(read_command(cdb, 2048), state, reply);
    return sense.is_good() ? Bytes(reply.bytes().begin(), reply.bytes().end()) : Bytes();
}

ScsiCommand event_status(std::uint8_t flags, std::uint8_t classes, std::uint8_t room) {
    return read_command(Bytes{0x4a, flags, 0, 0, classes, 0, 0, 0, room, 0}, 2048);
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_cd_commands") {
    TEST_CASE("the table of contents has one data track and the lead-out") {
        CHECK(toc({0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0}, with_disc(0x12345)) ==
              Bytes{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 1, 0x23, 0x45});
        // As minutes, seconds and frames: 150 of them come before block 0.
        CHECK(toc({0x43, 2, 0, 0, 0, 0, 0xaa, 0, 255, 0}, with_disc(75)) ==
              Bytes{0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 0, 3, 0});
    }

    TEST_CASE("session information and the raw table are there, and no other format") {
        CHECK(toc({0x43, 0, 1, 0, 0, 0, 0, 0, 255, 0}, with_disc(9)).size() == 12);
        CHECK(toc({0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0x40}, with_disc(9)).size() == 12);
        const Bytes raw = toc({0x43, 0, 2, 0, 0, 0, 0, 0, 255, 0}, with_disc(9));
        REQUIRE(raw.size() == 4 + 4 * 11);
        CHECK(raw[1] == raw.size() - 2);
        CHECK(toc({0x43, 0, 3, 0, 0, 0, 0, 0, 255, 0}, with_disc(9)).empty());
        CHECK(toc({0x43, 0, 0, 0, 0, 0, 2, 0, 255, 0}, with_disc(9)).empty());
    }

    TEST_CASE("the current profile is that of a CD, a DVD, or none") {
        const auto profile = [](const ScsiUnitState& state) {
            ScsiReply reply;
            const ScsiCommand command = read_command(Bytes{0x46, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 2048);
            REQUIRE(get_configuration(command, state, reply).is_good());
            CHECK(big_endian(reply.bytes().first(4)) == reply.size() - 4);
            return big_endian(reply.bytes().subspan(6, 2));
        };
        CHECK(profile(with_disc(360000)) == 0x0008);
        CHECK(profile(with_disc(360001)) == 0x0010);
        ScsiUnitState open = with_disc(9);
        open.tray_open = true;
        CHECK(profile(open) == 0);
    }

    TEST_CASE("one feature, the current ones, or all from one on are told") {
        const auto size = [](std::uint8_t which, std::uint8_t start) {
            ScsiReply reply;
            const ScsiCommand command =
                read_command(Bytes{0x46, which, 0, start, 0, 0, 0, 1, 0, 0}, 2048);
            return get_configuration(command, with_disc(9), reply).is_good() ? reply.size() : 0;
        };
        CHECK(size(2, 3) == 8 + 8);
        CHECK(size(2, 0x77) == 8);
        CHECK(size(0, 0x1f) == 8 + 8);
        CHECK(size(1, 0x1f) == 8);  // DVD reading is not current
        CHECK(size(3, 0) == 0);
    }

    TEST_CASE("a new medium and a wish to eject are told once, to who has room for it") {
        ScsiUnitState state = with_disc(9);
        state.new_medium = true;
        state.eject_requested = true;
        ScsiReply cut;
        REQUIRE(get_event_status(event_status(1, 0x10, 4), state, cut).is_good());
        CHECK(state.new_medium);
        for (const std::uint8_t event : Bytes{2, 1, 0}) {
            ScsiReply reply;
            REQUIRE(get_event_status(event_status(1, 0x10, 8), state, reply).is_good());
            CHECK(reply.size() == 8);
            CHECK(reply.bytes()[4] == event);
            CHECK(reply.bytes()[5] == 2);  // there is a medium
        }
        ScsiReply none;
        REQUIRE(get_event_status(event_status(1, 0x02, 8), state, none).is_good());
        CHECK(none.bytes()[2] == 0x80);
        ScsiReply later;
        CHECK(get_event_status(event_status(0, 0x10, 8), state, later) ==
              scsi_sense::kInvalidField);
    }

    TEST_CASE("the disc is complete and has one session") {
        ScsiReply reply;
        const ScsiCommand command = read_command(Bytes{0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0}, 2048);
        REQUIRE(read_disc_information(command, reply).is_good());
        CHECK(reply.size() == 34);
        CHECK(reply.bytes()[2] == 0x0e);
        ScsiReply refused;
        CHECK(read_disc_information(read_command(Bytes{0x51, 1, 0, 0, 0, 0, 0, 0, 34, 0}, 2048),
                                    refused) == scsi_sense::kInvalidField);
    }
}

}  // namespace siskin
