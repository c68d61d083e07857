// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_inquiry: what a unit says it is.
#include "devices/scsi/scsi_inquiry.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

ScsiCommand ask(std::uint8_t flags, std::uint8_t page) {
    return read_command(Bytes{0x12, flags, page, 0, 255, 0}, 512);
}

Bytes page_of(const ScsiUnitOptions& options, std::uint8_t page) {
    ScsiReply reply;
    const ScsiSense sense = inquiry(ask(1, page), options, reply);
    return sense.is_good() ? Bytes(reply.bytes().begin(), reply.bytes().end()) : Bytes();
}

std::string text(const Bytes& bytes, std::size_t from, std::size_t size) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(from),
            bytes.begin() + static_cast<std::ptrdiff_t>(from + size)};
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_inquiry") {
    TEST_CASE("the standard data names a disk and a CD drive (SPC-4 §6.6.2)") {
        ScsiReply disk;
        REQUIRE(inquiry(ask(0, 0), ScsiUnitOptions{}, disk).is_good());
        const Bytes bytes(disk.bytes().begin(), disk.bytes().end());
        REQUIRE(bytes.size() == 36);
        CHECK(bytes[0] == 0x00);
        CHECK(bytes[1] == 0x00);
        CHECK(bytes[4] == 31);
        CHECK(text(bytes, 8, 8) == "QEMU    ");
        CHECK(text(bytes, 16, 16) == "QEMU HARDDISK   ");
        CHECK(text(bytes, 32, 4) == "2.5+");
        ScsiReply cd;
        REQUIRE(inquiry(ask(0, 0), ScsiBench::cd(), cd).is_good());
        CHECK(cd.bytes()[0] == 0x05);
        CHECK(cd.bytes()[1] == 0x80);
    }

    TEST_CASE("reserved bits, and a page without EVPD, are an invalid field") {
        ScsiReply reply;
        CHECK(inquiry(ask(0, 0x80), {}, reply) == scsi_sense::kInvalidField);
        CHECK(inquiry(ask(2, 0), {}, reply) == scsi_sense::kInvalidField);
        CHECK(inquiry(ask(0x11, 0), {}, reply) == scsi_sense::kInvalidField);
        CHECK(inquiry(ask(1, 0xc0), {}, reply) == scsi_sense::kInvalidField);
    }

    TEST_CASE(
        "a unit's number where SCSI-2 had it is passed over, as Linux sends it to new units") {
        ScsiReply reply;

        CHECK(inquiry(ask(0xa0, 0), {}, reply).is_good());
        CHECK(inquiry(ask(0xa1, 0x83), {}, reply).is_good());
    }

    TEST_CASE("page 00 lists just the pages there are, and each tells its length") {
        ScsiUnitOptions options;
        options.serial = "s1";
        CHECK(page_of(options, 0x00) == Bytes{0, 0, 0, 6, 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2});
        for (const std::uint8_t page : Bytes{0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2}) {
            const Bytes bytes = page_of(options, page);
            REQUIRE(bytes.size() >= 4);
            CHECK(bytes[1] == page);
            CHECK(bytes.size() - 4 == big_endian(std::span(bytes).subspan(2, 2)));
        }
        CHECK(page_of(ScsiBench::cd(), 0x00) == Bytes{5, 0, 0, 2, 0x00, 0x83});
        CHECK(page_of(ScsiBench::cd(), 0x80).empty());
        CHECK(page_of(ScsiBench::cd(), 0xb0).empty());
    }

    TEST_CASE("page 83 has the names that were given (SPC-4 §7.8.6)") {
        ScsiUnitOptions options;
        options.device_id = "disk7";
        options.wwn = 0x5000c50012345678;
        const Bytes bytes = page_of(options, 0x83);
        CHECK(text(bytes, 8, 5) == "disk7");
        CHECK(Bytes(bytes.begin() + 13, bytes.end()) ==
              Bytes{1, 3, 0, 8, 0x50, 0x00, 0xc5, 0x00, 0x12, 0x34, 0x56, 0x78});
    }

    TEST_CASE("block limits are in blocks (SBC-3 §6.5.3)") {
        ScsiUnitOptions options;
        options.block_size = 4096;
        options.max_unmap_size = 1U << 30U;
        options.discard_granularity = 65536;
        options.min_io_size = 8192;
        const Bytes bytes = page_of(options, 0xb0);
        REQUIRE(bytes.size() == 64);
        CHECK(big_endian(std::span(bytes).subspan(6, 2)) == 2);
        CHECK(big_endian(std::span(bytes).subspan(20, 4)) == (1U << 30U) / 4096);
        CHECK(big_endian(std::span(bytes).subspan(24, 4)) == 255);
        CHECK(big_endian(std::span(bytes).subspan(28, 4)) == 16);
    }

    TEST_CASE("capacities beyond 32 bits are told by READ CAPACITY (16) alone (SBC-3 §5.15)") {
        const ScsiCommand ten = read_command(Bytes{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 512);
        Bytes cdb(16, 0);
        cdb[0] = 0x9e;
        cdb[1] = 0x10;
        cdb[13] = 32;
        const ScsiCommand sixteen = read_command(cdb, 512);
        ScsiReply short_reply;
        ScsiReply long_reply;
        ScsiUnitOptions options;
        options.physical_block_size = 4096;

        REQUIRE(read_capacity_10(ten, options, std::uint64_t{1} << 33U, short_reply).is_good());
        REQUIRE(read_capacity_16(sixteen, options, std::uint64_t{1} << 33U, long_reply).is_good());

        CHECK(big_endian(short_reply.bytes().first(4)) == 0xffffffff);
        CHECK(big_endian(long_reply.bytes().first(8)) == (std::uint64_t{1} << 33U) - 1);
        CHECK(long_reply.bytes()[13] == 3);     // 8 logical blocks in a physical one
        CHECK(long_reply.bytes()[14] == 0x80);  // thin
        CHECK(long_reply.size() == 32);
    }
}

}  // namespace siskin
