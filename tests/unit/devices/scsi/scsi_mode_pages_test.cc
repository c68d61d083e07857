// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_mode_pages.
#include "devices/scsi/scsi_mode_pages.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

ScsiUnitState ready() {
    ScsiUnitState state;
    state.has_medium = true;
    state.blocks = 0x800;
    return state;
}

ScsiSense sense(const Bytes& cdb, const ScsiUnitOptions& options, const ScsiUnitState& state,
                Bytes& bytes) {
    ScsiReply reply;
    const ScsiSense result = mode_sense(read_command(cdb, 512), options, state, reply);
    bytes.assign(reply.bytes().begin(), reply.bytes().end());
    return result;
}

ScsiSense select(const Bytes& list, bool& write_cache, std::uint8_t flags = 0x10) {
    const auto size = static_cast<std::uint8_t>(list.size());
    return mode_select(read_command(Bytes{0x15, flags, 0, 0, size, 0}, 512), {}, ready(), list,
                       write_cache);
}

Bytes caching_page(std::uint8_t flags) {
    Bytes list{0, 0, 0, 0, 0x08, 18, flags};
    list.resize(4 + 20, 0);
    return list;
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_mode_pages") {
    TEST_CASE("the caching page tells the write cache, and write protection is in the header") {
        Bytes bytes;
        ScsiUnitState state = ready();
        REQUIRE(sense({0x1a, 0, 0x08, 0, 255, 0}, {}, state, bytes).is_good());
        CHECK(bytes == Bytes{31, 0, 0, 8, 0, 0, 8, 0, 0, 0, 2, 0, 0x08, 18, 4, 0,
                             0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,  0, 0});
        state.write_cache = false;
        state.read_only = true;
        REQUIRE(sense({0x1a, 0x08, 0x08, 0, 255, 0}, {}, state, bytes).is_good());
        CHECK(bytes[2] == 0x80);
        CHECK(bytes[3] == 0);  // no block descriptor
        CHECK(bytes[6] == 0);
    }

    TEST_CASE("MODE SENSE (10) has the same in its own header") {
        Bytes bytes;
        REQUIRE(sense({0x5a, 0x08, 0x3f, 0, 0, 0, 0, 1, 0, 0}, {}, ready(), bytes).is_good());
        CHECK(big_endian(std::span(bytes).first(2)) == bytes.size() - 2);
        CHECK(bytes[8] == 0x01);
        CHECK(bytes[8 + 12] == 0x08);
    }

    TEST_CASE("a CD drive has page 2A, which tells the lock, and a disk has not") {
        Bytes bytes;
        ScsiUnitState state = ready();
        state.locked = true;
        REQUIRE(sense({0x1a, 0, 0x2a, 0, 255, 0}, ScsiBench::cd(), state, bytes).is_good());
        CHECK(bytes[4] == 0x2a);
        CHECK((bytes[4 + 6] & 0x03) == 0x03);
        CHECK(sense({0x1a, 0, 0x2a, 0, 255, 0}, {}, state, bytes) == scsi_sense::kInvalidField);
    }

    TEST_CASE("saved values, unknown pages and subpages are refused") {
        Bytes bytes;
        CHECK(sense({0x1a, 0, 0xc8, 0, 255, 0}, {}, ready(), bytes) ==
              scsi_sense::kSavingUnsupported);
        CHECK(sense({0x1a, 0, 0x1c, 0, 255, 0}, {}, ready(), bytes) == scsi_sense::kInvalidField);
        CHECK(sense({0x1a, 0, 0x08, 1, 255, 0}, {}, ready(), bytes) == scsi_sense::kInvalidField);
        CHECK(sense({0x1a, 0, 0x3f, 0xff, 255, 0}, {}, ready(), bytes).is_good());
    }

    TEST_CASE("MODE SELECT switches the write cache and nothing else (SPC-4 §6.9)") {
        bool write_cache = true;
        CHECK(select(caching_page(0), write_cache).is_good());
        CHECK_FALSE(write_cache);
        CHECK(select(caching_page(4), write_cache).is_good());
        CHECK(write_cache);
        CHECK(select(caching_page(1), write_cache) == scsi_sense::kInvalidParameter);
    }

    TEST_CASE("lists that are cut, too long, or of the wrong form are refused") {
        bool write_cache = true;
        const Bytes whole = caching_page(0);
        CHECK(select({}, write_cache).is_good());
        for (std::size_t size = 1; size < whole.size(); ++size) {
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const ScsiSense refused = select(cut, write_cache);
            CHECK((refused == scsi_sense::kParameterListLength || size == 4));
            CHECK(write_cache);
        }
        CHECK(select(whole, write_cache, 0x00) == scsi_sense::kInvalidField);
        CHECK(select(whole, write_cache, 0x11) == scsi_sense::kInvalidField);
        CHECK(select({0, 0, 0, 5}, write_cache) == scsi_sense::kInvalidParameter);
        CHECK(select({0, 0, 0, 0, 0x1c, 0}, write_cache) == scsi_sense::kInvalidParameter);
        CHECK(select({0, 0, 0, 0, 0x08, 0}, write_cache) == scsi_sense::kInvalidParameter);
        CHECK(select({0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 4, 0}, write_cache) ==
              scsi_sense::kInvalidParameter);
        CHECK(select({0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0}, write_cache).is_good());
    }
}

}  // namespace siskin
