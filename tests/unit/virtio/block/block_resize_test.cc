// SPDX-License-Identifier: Apache-2.0
// Proves the resizing of a virtio block device: under I/O, both ways, and how the driver is told.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint64_t kSectors = VirtioBench::kDiskSize / 512;

struct ResizeBench : VirtioBench {
    explicit ResizeBench(const BlkPciConfig& settings = {}) : VirtioBench(settings) {
        start(driver);
    }
    Result<> resize(std::uint64_t sectors) {
        auto resized = block().resize(ByteCount{sectors * 512});
        if (resized) {
            block().publish_size();
            settle();
        }
        return resized;
    }
    std::uint64_t shown() { return pci.memory_read(kBar + VirtioPci::kDeviceOffset, 8); }
    std::uint64_t generation() { return common(spec::kCommonConfigGeneration, 1); }
    // Reading clears it.
    std::uint64_t isr() { return pci.memory_read(kBar + VirtioPci::kIsrOffset, 1); }

    DriverQueue driver{guest, 16};
};

}  // namespace

TEST_SUITE("virtio/block/block_device: size") {
    TEST_CASE("a disk that grows is told of, and serves the new sectors (B14, virtio 1.2 §5.2.4)") {
        ResizeBench bench;
        CHECK(bench.run(bench.driver, spec::kBlockRead, kSectors) == spec::kBlockStatusIoError);
        const auto before = bench.generation();
        [[maybe_unused]] const auto cleared = bench.isr();

        REQUIRE(bench.resize(2 * kSectors).has_value());

        CHECK(bench.shown() == 2 * kSectors);
        CHECK(bench.generation() == before + 1);
        CHECK((bench.isr() & 2) == 2);
        CHECK(bench.run(bench.driver, spec::kBlockWrite, 2 * kSectors - 1) == spec::kBlockStatusOk);
        CHECK(bench.run(bench.driver, spec::kBlockRead, 2 * kSectors) == spec::kBlockStatusIoError);
    }

    TEST_CASE(
        "however often the size changes between two reads, the generation tells "
        "(T12, virtio 1.2 §4.1.4.3.1)") {
        ResizeBench bench;
        [[maybe_unused]] const auto read = bench.shown();
        const auto before = bench.generation();
        for (unsigned count = 1; count <= 256; ++count) {
            REQUIRE(bench.resize(kSectors + count % 2).has_value());
        }

        CHECK(bench.generation() != before);
        CHECK(bench.shown() == kSectors);
    }

    TEST_CASE("behind the new end of a disk that shrank there are errors (B14)") {
        ResizeBench bench;
        REQUIRE(bench.resize(8).has_value());

        CHECK(bench.shown() == 8);
        CHECK(bench.run(bench.driver, spec::kBlockRead, 7) == spec::kBlockStatusOk);
        CHECK(bench.run(bench.driver, spec::kBlockRead, 8) == spec::kBlockStatusIoError);
        CHECK(bench.run(bench.driver, spec::kBlockRead, 7, 1024) == spec::kBlockStatusIoError);
        CHECK(bench.disk.bytes.size() == 8 * 512);
    }

    TEST_CASE("requests in flight finish at the old size first, others wait (B14)") {
        ResizeBench bench;
        bench.disk.hold();
        const auto request = bench.prepare(bench.driver, 0, spec::kBlockWrite, kSectors - 1);
        bench.driver.put_available(request.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        const unsigned before = bench.disk.releases;
        std::atomic<bool> done{false};
        std::thread resizer([&] {
            CHECK(bench.resize(8).has_value());
            done = true;
        });
        REQUIRE(eventually([&] { return bench.disk.releases == before + 1; }));
        const auto later = bench.prepare(bench.driver, 1, spec::kBlockRead, kSectors - 1);
        bench.driver.put_available(later.head);
        bench.notify();
        bench.settle();
        CHECK_FALSE(done);
        CHECK(bench.disk.bytes.size() == VirtioBench::kDiskSize);

        bench.disk.let_go();
        resizer.join();

        REQUIRE(eventually([&] { return bench.driver.used_index() == 2; }));
        CHECK(bench.status_of(request) == spec::kBlockStatusOk);
        CHECK(bench.status_of(later) == spec::kBlockStatusIoError);
    }

    TEST_CASE("a request that is kept after an error fails when its place is gone (B14, B06)") {
        BlkPciConfig settings;
        settings.blk.werror = BlockOnError::Stop;
        ResizeBench bench(settings);
        bench.disk.fail_operation(0, ENOSPC);
        const auto request = bench.prepare(bench.driver, 0, spec::kBlockWrite, 100);
        bench.driver.put_available(request.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.errors->errors().size() == 1; }));
        bench.device->pause([] {});
        REQUIRE(bench.resize(8).has_value());
        CHECK(bench.driver.used_index() == 0);

        bench.device->resume();

        REQUIRE(eventually([&] { return bench.driver.used_index() == 1; }));
        CHECK(bench.status_of(request) == spec::kBlockStatusIoError);
        CHECK(bench.disk.log().size() == 1);
    }

    TEST_CASE("a resize that fails changes nothing, and the disk goes on") {
        ResizeBench bench;
        bench.disk.refuse_resize = true;
        const auto before = bench.generation();

        CHECK_FALSE(bench.resize(8).has_value());

        CHECK(bench.shown() == kSectors);
        CHECK(bench.generation() == before);
        CHECK(bench.run(bench.driver, spec::kBlockRead, kSectors - 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("a disk without a driver is resized without an interrupt") {
        VirtioBench bench;
        REQUIRE(bench.block().resize(ByteCount{4096}).has_value());
        bench.block().publish_size();
        bench.settle();

        CHECK(bench.pci.memory_read(VirtioBench::kBar + VirtioPci::kDeviceOffset, 8) == 8);
        CHECK(bench.pci.memory_read(VirtioBench::kBar + VirtioPci::kIsrOffset, 1) == 0);
    }

    TEST_CASE("a size that is no whole number of blocks ends at the last whole one") {
        BlkPciConfig settings;
        settings.blk.logical_block_size = ByteCount{4096};
        settings.blk.physical_block_size = ByteCount{4096};
        ResizeBench bench(settings);
        REQUIRE(bench.resize(15).has_value());
        CHECK(bench.shown() == 8);
        REQUIRE(bench.resize(7).has_value());
        CHECK(bench.shown() == 0);
        CHECK(bench.run(bench.driver, spec::kBlockRead, 0, 4096) == spec::kBlockStatusIoError);
    }

    TEST_CASE("a disk that grows and shrinks under load gives only old data or errors (B14)") {
        ResizeBench bench;
        std::fill(bench.disk.bytes.begin(), bench.disk.bytes.begin() + 4096, std::uint8_t{7});
        std::atomic<bool> end{false};
        std::thread resizer([&] {
            while (!end) {
                for (const std::uint64_t sectors : {kSectors, std::uint64_t{8}}) {
                    [[maybe_unused]] const auto resized = bench.resize(sectors);
                }
            }
        });
        unsigned wrong = 0;
        for (unsigned round = 0; round < 300; ++round) {
            const auto inside = bench.prepare(bench.driver, 0, spec::kBlockRead, round % 8);
            wrong +=
                bench.run(bench.driver, inside) == spec::kBlockStatusOk &&
                        bench.guest.bytes(inside.data, 512) == std::vector<std::uint8_t>(512, 7)
                    ? 0
                    : 1;
            const auto outside = bench.prepare(bench.driver, 0, spec::kBlockRead, 100);
            wrong += bench.run(bench.driver, outside) <= spec::kBlockStatusIoError ? 0 : 1;
        }
        end = true;
        resizer.join();
        CHECK(wrong == 0);
    }
}

}  // namespace siskin
