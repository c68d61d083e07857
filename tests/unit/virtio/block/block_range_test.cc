// SPDX-License-Identifier: Apache-2.0
// Proves discard and write zeroes of virtio/block: segments, limits, and that what was acknowledged
// was done.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;
using Step = BlockOperation::Step;

namespace {

const FeatureSet kRangeFeatures{spec::kBlockFeatureFlush, spec::kBlockFeatureDiscard,
                                spec::kBlockFeatureWriteZeroes};

struct RangeBench : VirtioBench {
    explicit RangeBench(const BlkPciConfig& settings = {}, bool read_only = false,
                        FeatureSet features = kRangeFeatures, bool unmap = false)
        : VirtioBench(settings, read_only, unmap) {
        std::fill(disk.bytes.begin(), disk.bytes.end(), std::uint8_t{0x5a});
        start(driver, features);
    }
    // `size` bytes of segments follow the header.
    std::uint8_t range(std::uint32_t type, const std::vector<spec::BlockRangeSegment>& segments,
                       std::uint32_t size) {
        const std::uint64_t header = guest.allocate(16);
        const std::uint64_t list = guest.allocate(64);
        const std::uint64_t status = guest.allocate(1);
        guest.write(header, spec::BlockRequestHeader{type, 0U, 0U});
        guest.write(status, std::uint8_t{0xee});
        for (std::size_t index = 0; index < segments.size(); ++index) {
            guest.write(list + index * sizeof(spec::BlockRangeSegment), segments[index]);
        }
        std::vector<DriverBuffer> buffers{{header, 16, false}};
        if (size != 0) {
            buffers.push_back({list, size, false});
        }
        buffers.push_back({status, 1, true});
        driver.put_chain(0, buffers);
        return run(driver, Request{0, list, status});
    }
    std::uint8_t range(std::uint32_t type, std::uint64_t sector, std::uint32_t sectors,
                       std::uint32_t flags = 0) {
        return range(type, {{sector, sectors, flags}}, 16);
    }
    // Whether exactly [from, to) is zero and the rest as it was.
    bool only_zero(std::size_t from, std::size_t to) const {
        std::vector<std::uint8_t> expected(disk.bytes.size(), 0x5a);
        std::fill(expected.begin() + static_cast<std::ptrdiff_t>(from),
                  expected.begin() + static_cast<std::ptrdiff_t>(to), std::uint8_t{0});
        return disk.bytes == expected;
    }

    DriverQueue driver{guest, 16};
};

}  // namespace

TEST_SUITE("virtio/block/block_request: ranges") {
    TEST_CASE("acknowledged zeroes are zero, and nothing else changed (B03, virtio 1.2 §5.2.6.2)") {
        RangeBench bench;

        CHECK(bench.range(spec::kBlockWriteZeroes, 8, 3) == spec::kBlockStatusOk);

        CHECK(bench.only_zero(8 * 512, 11 * 512));
        CHECK(bench.disk.log() == std::vector<MemoryDisk::Entry>{{Step::ZeroRange, 4096, 1536}});
    }

    TEST_CASE("unmap of zeroes reaches a node that gives room back, and no other (B03)") {
        RangeBench bench;
        CHECK(bench.range(spec::kBlockWriteZeroes, 0, 1, spec::kBlockSegmentUnmap) == 0);
        CHECK(bench.disk.log().back().step == Step::ZeroRange);

        RangeBench other({}, false, kRangeFeatures, true);
        CHECK(other.range(spec::kBlockWriteZeroes, 0, 1, spec::kBlockSegmentUnmap) == 0);
        CHECK(other.disk.log().back().step == Step::PunchHole);
        CHECK(other.only_zero(0, 512));
        CHECK(other.range(spec::kBlockWriteZeroes, 2, 1) == 0);
        CHECK(other.disk.log().back().step == Step::ZeroRange);
        CHECK(other.range(spec::kBlockDiscard, 1, 1) == 0);
        CHECK(other.disk.log().back().step == Step::PunchHole);
        CHECK(other.only_zero(0, 1536));
    }

    TEST_CASE("the last sector is the last: each edge of a range is checked (B01, B03)") {
        constexpr std::uint64_t kSectors = VirtioBench::kDiskSize / 512;
        constexpr std::uint64_t kMax = ~std::uint64_t{0};
        struct Row {
            std::uint64_t sector;
            std::uint32_t count;
            std::uint8_t expected;
        };
        for (const std::uint32_t type : {spec::kBlockDiscard, spec::kBlockWriteZeroes}) {
            for (const Row& row : {
                     Row{kSectors - 1, 1, spec::kBlockStatusOk},
                     Row{0, kSectors, spec::kBlockStatusOk},
                     Row{kSectors - 1, 2, spec::kBlockStatusIoError},
                     Row{kSectors, 1, spec::kBlockStatusIoError},
                     Row{1, kSectors, spec::kBlockStatusIoError},
                     Row{0, 4194304, spec::kBlockStatusIoError},
                     Row{0, 0xffffffff, spec::kBlockStatusIoError},
                     Row{kMax, 1, spec::kBlockStatusIoError},
                     Row{kMax, 2, spec::kBlockStatusIoError},
                     Row{kMax / 512 + 1, 1, spec::kBlockStatusIoError},  // times 512 wraps to 0
                     Row{std::uint64_t{1} << 63, 1, spec::kBlockStatusIoError},
                     Row{5, 0, spec::kBlockStatusOk},     // nothing to do
                     Row{kMax, 0, spec::kBlockStatusOk},  // anywhere
                 }) {
                RangeBench bench;
                CAPTURE(row.sector);
                CAPTURE(row.count);
                CHECK(bench.range(type, row.sector, row.count) == row.expected);
                const bool changes = type == spec::kBlockWriteZeroes &&
                                     row.expected == spec::kBlockStatusOk && row.count != 0;
                CHECK(bench.only_zero(changes ? row.sector * 512 : 0,
                                      changes ? (row.sector + row.count) * 512 : 0));
            }
        }
    }

    TEST_CASE("unknown flags, and unmap of a discard, are unsupported (B03, §5.2.6.2)") {
        RangeBench bench;
        for (const std::uint32_t flags : {2U, 3U, 0x80000000U, 0xffffffffU}) {
            CHECK(bench.range(spec::kBlockWriteZeroes, 0, 1, flags) ==
                  spec::kBlockStatusUnsupported);
            CHECK(bench.range(spec::kBlockDiscard, 0, 1, flags) == spec::kBlockStatusUnsupported);
        }
        CHECK(bench.range(spec::kBlockDiscard, 0, 1, spec::kBlockSegmentUnmap) ==
              spec::kBlockStatusUnsupported);
        CHECK(bench.disk.log().empty());
        CHECK(bench.only_zero(0, 0));
    }

    TEST_CASE("part of a segment is an error, more than max_discard_seg unsupported (B03)") {
        RangeBench bench;
        const std::vector<spec::BlockRangeSegment> two{{0U, 1U, 0U}, {1U, 1U, 0U}};
        for (const std::uint32_t type : {spec::kBlockDiscard, spec::kBlockWriteZeroes}) {
            for (const std::uint32_t size : {0U, 1U, 15U}) {
                CHECK(bench.range(type, two, size) == spec::kBlockStatusIoError);
            }
            for (const std::uint32_t size : {17U, 31U, 32U}) {
                CHECK(bench.range(type, two, size) == spec::kBlockStatusUnsupported);
            }
        }
        CHECK(bench.only_zero(0, 0));
    }

    TEST_CASE("ranges begin and end on logical blocks, as all requests do (B03)") {
        BlkPciConfig settings;
        settings.blk.logical_block_size = ByteCount{4096};
        settings.blk.physical_block_size = ByteCount{4096};
        RangeBench bench(settings);
        CHECK(bench.range(spec::kBlockWriteZeroes, 1, 8) == spec::kBlockStatusIoError);
        CHECK(bench.range(spec::kBlockWriteZeroes, 8, 7) == spec::kBlockStatusIoError);
        CHECK(bench.range(spec::kBlockWriteZeroes, 8, 8) == spec::kBlockStatusOk);
        CHECK(bench.only_zero(4096, 8192));
    }

    TEST_CASE("the limits that are told are those that are kept (B03, §5.2.4)") {
        BlkPciConfig settings;
        settings.blk.max_discard_sectors = 4;
        settings.blk.max_write_zeroes_sectors = 2;
        RangeBench bench(settings);
        CHECK(bench.range(spec::kBlockDiscard, 0, 4) == spec::kBlockStatusOk);
        CHECK(bench.range(spec::kBlockDiscard, 0, 5) == spec::kBlockStatusIoError);
        CHECK(bench.range(spec::kBlockWriteZeroes, 0, 2) == spec::kBlockStatusOk);
        CHECK(bench.range(spec::kBlockWriteZeroes, 0, 3) == spec::kBlockStatusIoError);
        CHECK(bench.only_zero(0, 1024));
    }

    TEST_CASE("a driver that did not take the features has neither (T07)") {
        RangeBench bench({}, false, {spec::kBlockFeatureFlush});
        CHECK(bench.range(spec::kBlockDiscard, 0, 1) == spec::kBlockStatusUnsupported);
        CHECK(bench.range(spec::kBlockWriteZeroes, 0, 1) == spec::kBlockStatusUnsupported);
        CHECK(bench.only_zero(0, 0));
    }

    TEST_CASE("secure erase is not offered and unsupported, whatever it says (§5.2.6)") {
        RangeBench bench;
        CHECK_FALSE(bench.offered().has(spec::kBlockFeatureSecureErase));
        CHECK(bench.range(spec::kBlockSecureErase, 0, 1) == spec::kBlockStatusUnsupported);
        CHECK(bench.only_zero(0, 0));
    }

    TEST_CASE("nothing changes a read-only disk, negotiated or not (B04, T07)") {
        for (const bool negotiated : {false, true}) {
            FeatureSet features = kRangeFeatures;
            if (negotiated) {
                features.add(spec::kBlockFeatureReadOnly);
            }
            RangeBench bench({}, true, features);
            CHECK(bench.offered().has(spec::kBlockFeatureReadOnly));
            CHECK(bench.range(spec::kBlockDiscard, 0, 1) == spec::kBlockStatusIoError);
            CHECK(bench.range(spec::kBlockWriteZeroes, 0, 1) == spec::kBlockStatusIoError);
            CHECK(bench.VirtioBench::run(bench.driver, spec::kBlockWrite, 0) ==
                  spec::kBlockStatusIoError);
            CHECK(bench.VirtioBench::run(bench.driver, spec::kBlockFlush, 0, 0) ==
                  spec::kBlockStatusOk);
            CHECK(bench.VirtioBench::run(bench.driver, spec::kBlockRead, 0) ==
                  spec::kBlockStatusOk);
            CHECK(bench.only_zero(0, 0));
        }
    }

    TEST_CASE("a host error is its request's alone; the next is served (B06)") {
        RangeBench bench;
        bench.disk.fail_operation(0, EIO);
        bench.disk.fail_operation(1, EIO);
        CHECK(bench.range(spec::kBlockWriteZeroes, 0, 1) == spec::kBlockStatusIoError);
        CHECK(bench.only_zero(0, 0));
        CHECK(bench.range(spec::kBlockWriteZeroes, 1, 1) == spec::kBlockStatusIoError);
        CHECK(bench.range(spec::kBlockWriteZeroes, 2, 1) == spec::kBlockStatusOk);
        CHECK(bench.only_zero(1024, 1536));
    }

    TEST_CASE("with write-through zeroes are durable when they complete (B09)") {
        BlkPciConfig settings;
        settings.blk.write_cache = OnOffAuto::Off;
        settings.blk.config_wce = true;
        RangeBench bench(settings, false,
                         {spec::kBlockFeatureFlush, spec::kBlockFeatureWriteZeroes});
        CHECK(bench.range(spec::kBlockWriteZeroes, 0, 1) == spec::kBlockStatusOk);
        REQUIRE(bench.disk.log().size() == 2);
        CHECK(bench.disk.log().back().step == Step::Sync);
    }

    TEST_CASE("random ranges and writes keep the disk equal to a model (B03)") {
        RangeBench bench;
        std::vector<std::uint8_t> model = bench.disk.bytes;
        std::mt19937 random(11);
        unsigned wrong = 0;
        for (int round = 0; round < 400; ++round) {
            const std::uint64_t sector = random() % 2040;
            const std::uint32_t count = 1 + static_cast<std::uint32_t>(random() % 8);
            const auto begin = model.begin() + static_cast<std::ptrdiff_t>(sector * 512);
            if (random() % 2 == 0) {
                wrong += bench.range(spec::kBlockWriteZeroes, sector, count) == 0 ? 0 : 1;
                std::fill(begin, begin + count * 512, std::uint8_t{0});
            } else {
                const auto byte = static_cast<std::uint8_t>(random());
                const auto request =
                    bench.prepare(bench.driver, 0, spec::kBlockWrite, sector, count * 512);
                bench.guest.fill(request.data, count * 512, byte);
                wrong += bench.run(bench.driver, request) == 0 ? 0 : 1;
                std::fill(begin, begin + count * 512, byte);
            }
        }
        CHECK(wrong == 0);
        CHECK(bench.disk.bytes == model);
    }
}

}  // namespace siskin
