// SPDX-License-Identifier: Apache-2.0
// Proves that a hostile or odd driver gets from virtio/block what the specification says: framing,
// unknown types, overlapping buffers, two queues at one place, a cache that is switched under I/O.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

const FeatureSet kAllFeatures{spec::kBlockFeatureFlush, spec::kBlockFeatureConfigWce,
                              spec::kBlockFeatureDiscard, spec::kBlockFeatureWriteZeroes,
                              spec::kBlockFeatureMultiQueue};

struct HostileBench : VirtioBench {
    explicit HostileBench(const BlkPciConfig& settings = {}) : VirtioBench(settings) {
        reach_features_ok(kAllFeatures);
        program_queue(0, driver);
        program_queue(1, other);
        set_status(15);
    }
    // A chain of these buffers, of which the last is the status byte.
    std::uint8_t run_chain(const std::vector<DriverBuffer>& buffers) {
        const std::uint64_t status = buffers.back().address;
        guest.write(status, std::uint8_t{0xee});
        driver.put_chain(0, buffers);
        return run(driver, Request{0, 0, status});
    }
    std::uint64_t header(std::uint32_t type, std::uint64_t sector) {
        const std::uint64_t at = guest.allocate(16);
        guest.write(at, spec::BlockRequestHeader{type, 0U, sector});
        return at;
    }

    DriverQueue driver{guest, 32};
    DriverQueue other{guest, 32};
};

}  // namespace

TEST_SUITE("virtio/block: hostile drivers") {
    TEST_CASE("header and segment cut at any two bytes are the same zeroes (B03, V08, §2.7.4.1)") {
        HostileBench bench;
        const std::uint64_t request = bench.guest.allocate(32);
        const std::uint64_t status = bench.guest.allocate(1);
        bench.guest.write(request, spec::BlockRequestHeader{spec::kBlockWriteZeroes, 0U, 0U});
        bench.guest.write(request + 16, spec::BlockRangeSegment{2U, 1U, 0U});
        unsigned wrong = 0;
        for (std::uint32_t first = 1; first < 31; ++first) {
            for (std::uint32_t second = first + 1; second < 32; ++second) {
                std::fill(bench.disk.bytes.begin(), bench.disk.bytes.begin() + 2048,
                          std::uint8_t{0x33});
                const std::uint8_t answer =
                    bench.run_chain({{request, first, false},
                                     {request + first, second - first, false},
                                     {request + second, 32 - second, false},
                                     {status, 1, true}});
                const bool zero =
                    std::all_of(bench.disk.bytes.begin() + 1024, bench.disk.bytes.begin() + 1536,
                                [](std::uint8_t byte) { return byte == 0; });
                wrong += answer == spec::kBlockStatusOk && zero && bench.disk.bytes[1023] == 0x33 &&
                                 bench.disk.bytes[1536] == 0x33
                             ? 0
                             : 1;
            }
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("any type but the known ones is unsupported, also SCSI commands (B05)") {
        HostileBench bench;
        std::mt19937 random(23);
        unsigned wrong = 0;
        const std::uint64_t data = bench.guest.allocate(512);
        const std::uint64_t status = bench.guest.allocate(1);
        for (int round = 0; round < 3000; ++round) {
            std::uint32_t type = round < 64 ? static_cast<std::uint32_t>(round)
                                            : static_cast<std::uint32_t>(random());
            for (const std::uint32_t known : {0U, 1U, 4U, 8U, 11U, 13U}) {
                type = type == known ? 2 : type;
            }
            wrong += bench.run_chain({{bench.header(type, 0), 16, false},
                                      {data, 512, round % 2 == 0},
                                      {status, 1, true}}) == spec::kBlockStatusUnsupported
                         ? 0
                         : 1;
        }
        CHECK(wrong == 0);
        CHECK(bench.disk.log().empty());
    }

    TEST_CASE("get-id goes into pieces of any size, and no byte beyond 20 is touched (B05)") {
        BlkPciConfig settings;
        settings.blk.serial = "ROSE-123";
        HostileBench bench(settings);
        for (const std::uint32_t piece : {1U, 3U, 7U, 20U}) {
            const std::uint64_t into = bench.guest.allocate(64);
            bench.guest.fill(into, 64, 0xcc);
            std::vector<DriverBuffer> buffers{{bench.header(spec::kBlockGetId, 0), 16, false}};
            for (std::uint32_t at = 0; at < 20; at += piece) {
                buffers.push_back({into + at, std::min(piece, 20 - at), true});
            }
            buffers.push_back({into + 40, 1, true});
            CHECK(bench.run_chain(buffers) == spec::kBlockStatusOk);
            const auto bytes = bench.guest.bytes(into, 64);
            CHECK(std::string(bytes.begin(), bytes.begin() + 8) == "ROSE-123");
            CHECK(std::all_of(bytes.begin() + 8, bytes.begin() + 20,
                              [](std::uint8_t byte) { return byte == 0; }));
            CHECK(std::all_of(bytes.begin() + 20, bytes.begin() + 40,
                              [](std::uint8_t byte) { return byte == 0xcc; }));
        }
        const std::uint64_t small = bench.guest.allocate(8);
        bench.guest.fill(small, 8, 0xcc);
        CHECK(bench.run_chain({{bench.header(spec::kBlockGetId, 0), 16, false},
                               {small, 4, true},
                               {bench.guest.allocate(1), 1, true}}) == spec::kBlockStatusOk);
        CHECK(bench.guest.bytes(small + 4, 4) == std::vector<std::uint8_t>(4, 0xcc));
    }

    TEST_CASE(
        "data of no, part of, or far too many sectors is an error, the disk unchanged (B02)") {
        HostileBench bench;
        const auto before = bench.disk.bytes;
        const std::uint64_t data = bench.guest.allocate(4 * kMiB);
        const std::uint64_t status = bench.guest.allocate(1);
        for (const std::uint32_t size : {1U, 511U, 513U, 1048577U, 2097152U, 4194304U}) {
            for (const std::uint32_t type : {spec::kBlockRead, spec::kBlockWrite}) {
                CHECK(bench.run_chain({{bench.header(type, 0), 16, false},
                                       {data, size, type == spec::kBlockRead},
                                       {status, 1, true}}) == spec::kBlockStatusIoError);
            }
        }
        CHECK(bench.disk.bytes == before);
        CHECK(bench.disk.log().empty());
    }

    TEST_CASE("a request whose buffers are one and the same is served in their order (B10)") {
        HostileBench bench;
        for (std::size_t at = 0; at < 2048; ++at) {
            bench.disk.bytes[at] = static_cast<std::uint8_t>(at / 512 + 1);
        }
        const std::uint64_t data = bench.guest.allocate(512);
        const std::uint64_t status = bench.guest.allocate(1);
        CHECK(bench.run_chain({{bench.header(spec::kBlockRead, 0), 16, false},
                               {data, 512, true},
                               {data, 512, true},
                               {data, 512, true},
                               {data, 512, true},
                               {status, 1, true}}) == spec::kBlockStatusOk);
        // One of the four; memory is written by the host in any order.
        const auto first = bench.guest.bytes(data, 1).front();
        CHECK(first >= 1);
        CHECK(first <= 4);
        CHECK(bench.guest.bytes(data, 512) == std::vector<std::uint8_t>(512, first));

        bench.guest.fill(data, 512, 0x77);
        CHECK(bench.run_chain({{bench.header(spec::kBlockWrite, 8), 16, false},
                               {data, 512, false},
                               {data, 512, false},
                               {status, 1, true}}) == spec::kBlockStatusOk);
        CHECK(std::all_of(bench.disk.bytes.begin() + 4096, bench.disk.bytes.begin() + 5120,
                          [](std::uint8_t byte) { return byte == 0x77; }));
    }

    TEST_CASE("two queues at one place: each sector is of one of them, whole (B10)") {
        HostileBench bench;
        unsigned wrong = 0;
        for (unsigned round = 0; round < 100; ++round) {
            const auto first = bench.prepare(bench.driver, 0, spec::kBlockWrite, 4, 1024);
            const auto second = bench.prepare(bench.other, 0, spec::kBlockWrite, 4, 1024);
            bench.guest.fill(first.data, 1024, 0xa1);
            bench.guest.fill(second.data, 1024, 0xb2);
            bench.driver.put_available(first.head);
            bench.other.put_available(second.head);
            bench.notify(round % 2);
            bench.notify(1 - round % 2);
            const auto used = static_cast<std::uint16_t>(round + 1);
            REQUIRE(eventually([&] {
                return bench.driver.used_index() == used && bench.other.used_index() == used;
            }));
            wrong += bench.status_of(first) == 0 && bench.status_of(second) == 0 ? 0 : 1;
            for (std::size_t sector = 4; sector < 6; ++sector) {
                const auto begin =
                    bench.disk.bytes.begin() + static_cast<std::ptrdiff_t>(sector * 512);
                wrong += (*begin == 0xa1 || *begin == 0xb2) &&
                                 std::all_of(begin, begin + 512,
                                             [&](std::uint8_t byte) { return byte == *begin; })
                             ? 0
                             : 1;
            }
        }
        CHECK(wrong == 0);
    }

    TEST_CASE(
        "a cache that is switched without end under I/O loses and delays nothing (B09, T15)") {
        HostileBench bench;
        unsigned switches = 0;
        unsigned wrong = 0;
        const auto writeback = VirtioBench::kBar + VirtioPci::kDeviceOffset + 32;
        for (unsigned round = 0; round < 500; ++round) {
            const auto byte = static_cast<std::uint8_t>(round);
            const auto write = bench.prepare(bench.driver, 0, spec::kBlockWrite, round % 100);
            bench.guest.fill(write.data, 512, byte);
            bench.driver.put_available(write.head);
            bench.notify();
            for (unsigned count = 0; count < 200; ++count) {
                bench.pci.memory_write(writeback, 1, ++switches % 2);
            }
            REQUIRE(eventually([&] { return bench.driver.take_used().has_value(); }));
            wrong += bench.status_of(write) == spec::kBlockStatusOk &&
                             bench.disk.bytes[(round % 100) * 512] == byte
                         ? 0
                         : 1;
        }
        CHECK(switches == 100'000);
        CHECK(wrong == 0);
        // Off: the next write is durable.
        bench.pci.memory_write(writeback, 1, 0);
        const auto before = bench.disk.log().size();
        CHECK(bench.run(bench.driver, spec::kBlockWrite, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.log().size() == before + 2);
        CHECK(bench.disk.log().back().step == BlockOperation::Step::Sync);
    }
}

}  // namespace siskin
