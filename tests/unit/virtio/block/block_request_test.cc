// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_request.
#include "virtio/block/block_request.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "tests/harness/test_guest.h"
#include "virtio/block/spec.h"

namespace siskin {

namespace spec = virtio_spec;
using Kind = BlockRequest::Kind;

namespace {

constexpr std::uint64_t kHeader = 0x1000;
constexpr std::uint64_t kData = 0x2000;
constexpr std::uint64_t kStatus = 0x80000;
constexpr BlockLimits kLimits{ByteCount{64 * 1024}, 512, false};  // 128 sectors

struct Piece {
    std::uint64_t address;
    std::uint64_t size;
    bool writable;
};

struct Bench {
    BlockRequest parse(std::uint32_t type, std::uint64_t sector, const std::vector<Piece>& pieces,
                       const BlockLimits& limits = kLimits) {
        guest.write(kHeader, spec::BlockRequestHeader{type, 0U, sector});
        chain.begin(ChainHead{0});
        for (const Piece& piece : pieces) {
            REQUIRE(chain.add(guest.span(piece.address, piece.size), piece.writable));
        }
        return parse_block_request(chain, limits);
    }
    Kind read(std::uint64_t sector, std::uint64_t size, const BlockLimits& limits = kLimits) {
        return parse(spec::kBlockRead, sector,
                     {{kHeader, 16, false}, {kData, size, true}, {kStatus, 1, true}}, limits)
            .kind;
    }
    Kind write(std::uint64_t sector, std::uint64_t size, const BlockLimits& limits = kLimits) {
        return parse(spec::kBlockWrite, sector,
                     {{kHeader, 16, false}, {kData, size, false}, {kStatus, 1, true}}, limits)
            .kind;
    }

    TestGuest guest;
    DescriptorChain chain{64};
};

}  // namespace

TEST_SUITE("virtio/block/block_request") {
    TEST_CASE("a read is its place, its data and its status byte (virtio 1.2 §5.2.6)") {
        Bench bench;

        const BlockRequest request = bench.parse(
            spec::kBlockRead, 3, {{kHeader, 16, false}, {kData, 1024, true}, {kStatus, 1, true}});

        CHECK(request.kind == Kind::Read);
        CHECK(request.offset == 1536);
        CHECK(request.size == 1024);
        CHECK(request.status.data() == bench.guest.span(kStatus, 1).data());
        CHECK(request.status_offset == 1024);
    }

    TEST_CASE("everything that reaches past the end is refused, and nothing wraps (B01)") {
        Bench bench;
        constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
        struct Place {
            std::uint64_t sector;
            std::uint64_t size;
            bool good;
        };
        for (const Place& place : {
                 Place{0, 512, true},
                 Place{0, 64 * 1024, true},
                 Place{0, 64 * 1024 + 512, false},
                 Place{127, 512, true},
                 Place{127, 1024, false},
                 Place{128, 512, false},
                 Place{1, 64 * 1024, false},
                 Place{kMax, 512, false},
                 Place{kMax / 512, 512, false},
                 Place{kMax / 512 + 1, 512, false},  // times 512 wraps to 0
                 Place{std::uint64_t{1} << 55, 512, false},
                 Place{(std::uint64_t{1} << 55) + 1, 512, false},
                 Place{std::uint64_t{1} << 63, 512, false},
             }) {
            CHECK(bench.read(place.sector, place.size) ==
                  (place.good ? Kind::Read : Kind::Refused));
            CHECK(bench.write(place.sector, place.size) ==
                  (place.good ? Kind::Write : Kind::Refused));
        }
    }

    TEST_CASE("data that is no whole number of blocks is refused, none at all too (B02)") {
        Bench bench;
        for (const unsigned size : {1U, 511U, 513U, 1023U}) {
            CHECK(bench.read(0, size) == Kind::Refused);
            CHECK(bench.write(0, size) == Kind::Refused);
        }
        CHECK(bench.parse(spec::kBlockRead, 0, {{kHeader, 16, false}, {kStatus, 1, true}}).kind ==
              Kind::Refused);
        CHECK(bench.parse(spec::kBlockWrite, 0, {{kHeader, 16, false}, {kStatus, 1, true}}).kind ==
              Kind::Refused);
    }

    TEST_CASE("with blocks of 4096 requests begin and end on them") {
        Bench bench;
        BlockLimits limits = kLimits;
        limits.block_size = 4096;

        CHECK(bench.read(0, 4096, limits) == Kind::Read);
        CHECK(bench.read(8, 8192, limits) == Kind::Read);
        CHECK(bench.read(1, 4096, limits) == Kind::Refused);
        CHECK(bench.read(0, 512, limits) == Kind::Refused);
    }

    TEST_CASE("a read-only disk reads, flushes and refuses writes, negotiated or not (B04, T07)") {
        Bench bench;
        BlockLimits limits = kLimits;
        limits.read_only = true;

        CHECK(bench.read(0, 512, limits) == Kind::Read);
        CHECK(bench.write(0, 512, limits) == Kind::Refused);
        CHECK(bench.parse(spec::kBlockFlush, 0, {{kHeader, 16, false}, {kStatus, 1, true}}, limits)
                  .kind == Kind::Flush);
    }

    TEST_CASE("unknown types, SCSI and what is not offered are unsupported (B05)") {
        Bench bench;
        for (const std::uint32_t type :
             {2U, 3U, 5U, 6U, 7U, 9U, 10U, 11U, 13U, 14U, 0x80000000U, 0x80000001U, 0xffffffffU}) {
            CHECK(
                bench.parse(type, 0, {{kHeader, 16, false}, {kData, 512, true}, {kStatus, 1, true}})
                    .kind == Kind::Unsupported);
        }
    }

    TEST_CASE("a chain with no writable byte is malformed, one with no header is refused (V08)") {
        Bench bench;

        CHECK(bench.parse(spec::kBlockRead, 0, {{kHeader, 16, false}}).kind == Kind::Malformed);
        CHECK(bench.parse(spec::kBlockRead, 0, {{kHeader, 15, false}, {kStatus, 1, true}}).kind ==
              Kind::Refused);
        CHECK(bench.parse(spec::kBlockRead, 0, {{kStatus, 1, true}}).kind == Kind::Refused);
    }

    TEST_CASE("get-id has room for any number of bytes but none (B05)") {
        Bench bench;
        for (const unsigned size : {1U, 20U, 512U}) {
            const BlockRequest request =
                bench.parse(spec::kBlockGetId, 0,
                            {{kHeader, 16, false}, {kData, size, true}, {kStatus, 1, true}});
            CHECK(request.kind == Kind::GetId);
            CHECK(request.size == size);
        }
        CHECK(bench.parse(spec::kBlockGetId, 0, {{kHeader, 16, false}, {kStatus, 1, true}}).kind ==
              Kind::Refused);
    }

    TEST_CASE(
        "a request parses the same wherever header, data and status are cut (V08, §2.7.4.1)") {
        Bench bench;
        unsigned wrong = 0;
        // The writable part is 512 bytes of data and the status; one cut in each part.
        for (std::uint64_t header_cut = 1; header_cut < 16; ++header_cut) {
            for (std::uint64_t data_cut = 1; data_cut <= 512; ++data_cut) {
                const BlockRequest request =
                    bench.parse(spec::kBlockRead, 5,
                                {{kHeader, header_cut, false},
                                 {kHeader + header_cut, 16 - header_cut, false},
                                 {kData, data_cut, true},
                                 {kData + data_cut, 513 - data_cut, true}});
                wrong += request.kind == Kind::Read && request.offset == 2560 &&
                                 request.size == 512 && request.status_offset == 512 &&
                                 request.status.data() == bench.guest.span(kData + 512, 1).data()
                             ? 0
                             : 1;
            }
        }
        for (std::uint64_t cut = 1; cut < 528; ++cut) {
            bench.guest.fill(kHeader, 1024, 0);
            const BlockRequest request = bench.parse(
                spec::kBlockWrite, 5,
                {{kHeader, cut, false}, {kHeader + cut, 528 - cut, false}, {kStatus, 1, true}});
            BufferCursor data = request.data;
            wrong += request.kind == Kind::Write && request.size == 512 &&
                             data.next(512).data() == bench.guest.span(kHeader + 16, 1).data()
                         ? 0
                         : 1;
        }

        CHECK(wrong == 0);
    }
}

}  // namespace siskin
