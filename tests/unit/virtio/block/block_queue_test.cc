// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_queue: what a guest gets for its requests.
#include "virtio/block/block_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

std::vector<std::uint8_t> pattern(std::uint8_t seed, std::size_t size = 512) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t at = 0; at < size; ++at) {
        bytes[at] = static_cast<std::uint8_t>(seed + at * 7);
    }
    return bytes;
}

}  // namespace

TEST_SUITE("virtio/block/block_queue") {
    TEST_CASE("what is written is read back, and only that has changed") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        const auto write = bench.prepare(driver, 0, spec::kBlockWrite, 5, 1024);
        bench.guest.put(write.data, pattern(3, 1024));
        CHECK(bench.run(driver, write) == spec::kBlockStatusOk);

        const auto read = bench.prepare(driver, 0, spec::kBlockRead, 5, 1024);
        CHECK(bench.run(driver, read) == spec::kBlockStatusOk);

        CHECK(bench.guest.bytes(read.data, 1024) == pattern(3, 1024));
        std::vector<std::uint8_t> expected(VirtioBench::kDiskSize);
        const auto written = pattern(3, 1024);
        std::copy(written.begin(), written.end(), expected.begin() + 5 * 512);
        CHECK(bench.disk.bytes == expected);
    }

    TEST_CASE("the used length is what was written, in one run from the start (V20, §2.7.8.2)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        const auto length_of = [&](const VirtioBench::Request& request) {
            driver.put_available(request.head);
            bench.notify();
            std::optional<spec::UsedElement> used;
            REQUIRE(eventually([&] { return (used = driver.take_used()).has_value(); }));
            return used->length.value();
        };

        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockRead, 0, 1024)) == 1025);
        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockWrite, 0, 1024)) == 1);
        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockFlush, 0, 0)) == 1);
        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockGetId, 0, 20)) == 21);
        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockGetId, 0, 30)) == 20);
        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockRead, 1 << 20, 512)) == 0);
        CHECK(length_of(bench.prepare(driver, 0, spec::kBlockWrite, 1 << 20, 512)) == 1);
    }

    TEST_CASE("get-id is the serial, padded with zeroes, cut to the room there is") {
        BlkPciConfig settings;
        settings.blk.serial = "disk-4711";
        VirtioBench bench(settings);
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        std::vector<std::uint8_t> serial(20);
        std::copy(settings.blk.serial.begin(), settings.blk.serial.end(), serial.begin());

        const auto whole = bench.prepare(driver, 0, spec::kBlockGetId, 0, 20);
        CHECK(bench.run(driver, whole) == spec::kBlockStatusOk);
        CHECK(bench.guest.bytes(whole.data, 20) == serial);

        const auto more = bench.prepare(driver, 0, spec::kBlockGetId, 0, 24);
        bench.guest.fill(more.data, 24, 0xcc);
        CHECK(bench.run(driver, more) == spec::kBlockStatusOk);
        CHECK(bench.guest.bytes(more.data, 20) == serial);
        CHECK(bench.guest.bytes(more.data + 20, 4) == std::vector<std::uint8_t>(4, 0xcc));

        const auto less = bench.prepare(driver, 0, spec::kBlockGetId, 0, 4);
        CHECK(bench.run(driver, less) == spec::kBlockStatusOk);
        CHECK(bench.guest.bytes(less.data, 4) ==
              std::vector<std::uint8_t>(serial.begin(), serial.begin() + 4));
    }

    TEST_CASE("an unknown request is unsupported and a bad one an I/O error; both leave the data") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.disk.bytes.assign(bench.disk.bytes.size(), 0x55);
        bench.start(driver);
        const auto unknown = bench.prepare(driver, 0, 99, 0);
        bench.guest.fill(unknown.data, 512, 0xcc);
        CHECK(bench.run(driver, unknown) == spec::kBlockStatusUnsupported);
        CHECK(bench.guest.bytes(unknown.data, 512) == std::vector<std::uint8_t>(512, 0xcc));

        const auto outside = bench.prepare(driver, 0, spec::kBlockRead, 1 << 20);
        bench.guest.fill(outside.data, 512, 0xcc);
        CHECK(bench.run(driver, outside) == spec::kBlockStatusIoError);
        CHECK(bench.guest.bytes(outside.data, 512) == std::vector<std::uint8_t>(512, 0xcc));
        CHECK(bench.disk.log().empty());
    }

    TEST_CASE("a read-only disk refuses writes though RO was not negotiated, and flushes") {
        VirtioBench bench({}, true);
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        const auto before = bench.disk.bytes;
        const auto write = bench.prepare(driver, 0, spec::kBlockWrite, 0);
        bench.guest.put(write.data, pattern(1));

        CHECK(bench.run(driver, write) == spec::kBlockStatusIoError);
        CHECK(bench.run(driver, spec::kBlockFlush, 0, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.bytes == before);
    }

    TEST_CASE("each host error reaches exactly the request it belongs to") {
        for (const int error : {EIO, ENOSPC, EDQUOT, EFBIG, ESTALE}) {
            for (unsigned failing = 0; failing < 4; ++failing) {
                BlkPciConfig settings;
                settings.blk.werror = BlockOnError::Report;
                VirtioBench bench(settings);
                DriverQueue driver(bench.guest, 16);
                bench.disk.fail_operation(failing, error);
                bench.start(driver);
                std::vector<VirtioBench::Request> requests;
                for (std::uint16_t slot = 0; slot < 4; ++slot) {
                    requests.push_back(bench.prepare(
                        driver, slot, slot % 2 == 0 ? spec::kBlockRead : spec::kBlockWrite, slot));
                    driver.put_available(requests.back().head);
                }
                bench.notify();
                REQUIRE(eventually([&] { return driver.used_index() == 4; }));

                for (unsigned index = 0; index < 4; ++index) {
                    CHECK(bench.status_of(requests[index]) ==
                          (index == failing ? spec::kBlockStatusIoError : spec::kBlockStatusOk));
                }
                CHECK(bench.status() == 15);
            }
        }
    }

    TEST_CASE("an indirect request with many pieces goes to the disk as neighbours merged") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 64);
        bench.start(driver, {spec::kFeatureRingIndirectDesc});
        const std::uint64_t header = bench.guest.allocate(16);
        const std::uint64_t data = bench.guest.allocate(4096);
        const std::uint64_t status = bench.guest.allocate(1);
        bench.guest.write(header, spec::BlockRequestHeader{spec::kBlockRead, 0U, 0U});
        for (std::size_t at = 0; at < 4096; ++at) {
            bench.disk.bytes[at] = static_cast<std::uint8_t>(at * 13);
        }
        std::vector<DriverBuffer> buffers{{header, 16, false}};
        for (unsigned piece = 0; piece < 32; ++piece) {
            buffers.push_back({data + piece * 128, 128, true});
        }
        buffers.push_back({status, 1, true});

        driver.put_available(driver.put_indirect(0, buffers));
        bench.notify();
        REQUIRE(eventually([&] { return driver.used_index() == 1; }));

        CHECK(bench.guest.bytes(data, 4096) ==
              std::vector<std::uint8_t>(bench.disk.bytes.begin(), bench.disk.bytes.begin() + 4096));
        CHECK(bench.disk.log().size() == 1);
    }

    TEST_CASE("a chain without a status byte goes back with length 0 and the queue lives") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        driver.put_chain(9, {{0x1000, 16, false}});
        driver.put_available(9);
        bench.notify();
        std::optional<spec::UsedElement> used;
        REQUIRE(eventually([&] { return (used = driver.take_used()).has_value(); }));
        CHECK(used->id == 9);
        CHECK(used->length == 0);

        CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("data, rings or tables in a BAR are refused, and the register is unchanged (V18)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kFeatureRingIndirectDesc});
        const std::uint64_t header = bench.guest.allocate(16);
        const std::uint64_t status = bench.guest.allocate(1);
        bench.guest.write(header, spec::BlockRequestHeader{spec::kBlockRead, 0U, 0U});
        std::uint16_t expected = 0;
        for (const std::uint64_t target :
             {VirtioBench::kBar, VirtioBench::kBar + 0x1000, VirtioBench::kBar + 0x3000,
              VirtioBench::kMsixBar, PciMachine::kEcamBase, std::uint64_t{0xfee00000}}) {
            driver.put_chain(0, {{header, 16, false}, {target, 512, true}, {status, 1, true}});
            driver.put_available(0);
            driver.put_descriptor(
                3, spec::Descriptor{target, 32U, spec::kDescriptorIndirect, std::uint16_t{0}});
            driver.put_available(3);
            bench.notify();
            expected = static_cast<std::uint16_t>(expected + 2);
            CHECK(eventually([&] { return driver.used_index() == expected; }));
        }
        CHECK(bench.status() == 15);
        CHECK(bench.disk.log().empty());

        REQUIRE(bench.reset_and_wait());
        bench.reach_features_ok({});
        bench.select(0);
        bench.set_common(spec::kCommonQueueSize, 2, 16);
        bench.set_address(spec::kCommonQueueDescriptorTable, GuestAddress{VirtioBench::kBar});
        bench.set_address(spec::kCommonQueueAvailableRing, driver.config().driver_area);
        bench.set_address(spec::kCommonQueueUsedRing, driver.config().device_area);
        bench.set_common(spec::kCommonQueueEnable, 2, 1);
        CHECK(bench.common(spec::kCommonQueueEnable, 2) == 0);
    }

    TEST_CASE("more requests than the pool has are served as room comes, each once (V11, V13)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 4);
        bench.start(driver);
        bench.disk.hold();
        const auto request = bench.prepare(driver, 0, spec::kBlockRead, 0);
        for (int count = 0; count < 4; ++count) {
            driver.put_available(request.head);
        }
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 4; }));
        // The driver breaks the rules: the same head again while it is in flight.
        for (int count = 0; count < 4; ++count) {
            driver.put_available(request.head);
        }
        bench.notify();
        bench.settle();
        CHECK(bench.disk.waiting() == 4);

        bench.disk.let_go();

        CHECK(eventually([&] { return driver.used_index() == 8; }));
    }

    TEST_CASE("2,000 mixed requests on two queues keep the disk equal to a model") {
        VirtioBench bench;
        DriverQueue first(bench.guest, 16);
        DriverQueue second(bench.guest, 16);
        bench.reach_features_ok({spec::kBlockFeatureMultiQueue, spec::kFeatureRingEventIdx});
        bench.program_queue(0, first);
        bench.program_queue(1, second);
        bench.set_status(15);
        auto write = bench.prepare(first, 0, spec::kBlockWrite, 0);
        auto read = bench.prepare(second, 0, spec::kBlockRead, 0);
        const std::uint64_t write_header =
            bench.guest.read<spec::Descriptor>(first.descriptor_address(0)).address;
        const std::uint64_t read_header =
            bench.guest.read<spec::Descriptor>(second.descriptor_address(0)).address;
        unsigned wrong = 0;
        for (unsigned round = 0; round < 1000; ++round) {
            const std::uint64_t sector = round * 37 % 2048;
            const auto data = pattern(static_cast<std::uint8_t>(round));
            bench.guest.write(write_header,
                              spec::BlockRequestHeader{spec::kBlockWrite, 0U, sector});
            bench.guest.write(read_header, spec::BlockRequestHeader{spec::kBlockRead, 0U, sector});
            bench.guest.put(write.data, data);
            first.put_available(write.head);
            bench.notify(0);
            wrong += eventually([&] { return first.take_used().has_value(); }) ? 0 : 1;
            second.put_available(read.head);
            bench.notify(1);
            wrong += eventually([&] { return second.take_used().has_value(); }) ? 0 : 1;
            wrong += bench.guest.bytes(read.data, 512) == data ? 0 : 1;
        }

        CHECK(wrong == 0);
    }
}

}  // namespace siskin
