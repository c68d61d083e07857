// SPDX-License-Identifier: Apache-2.0
// Proves werror and rerror of virtio/block: report, ignore, and stop with a retry that loses
// nothing.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;
using Step = BlockOperation::Step;

namespace {

BlkPciConfig with(BlockOnError reads, BlockOnError writes) {
    BlkPciConfig settings;
    settings.blk.rerror = reads;
    settings.blk.werror = writes;
    return settings;
}

struct ErrorBench : VirtioBench {
    ErrorBench(BlockOnError reads, BlockOnError writes) : VirtioBench(with(reads, writes)) {
        start(driver);
    }
    void offer(const Request& request) {
        driver.put_available(request.head);
        notify();
    }
    // What the machine does when it goes on: stop first, then cont.
    void stop() {
        std::atomic<bool> paused{false};
        device->pause([&] { paused = true; });
        REQUIRE(eventually([&] { return paused.load(); }));
    }
    bool was_told(std::size_t count) {
        return eventually([&] { return errors->errors().size() >= count; });
    }

    DriverQueue driver{guest, 16};
};

}  // namespace

TEST_SUITE("virtio/block/block_queue: host errors") {
    TEST_CASE("report gives the guest an error, ignore a success; both are told of (B06)") {
        for (const int error : {EIO, ENOSPC, EDQUOT, EFBIG, ESTALE}) {
            ErrorBench report(BlockOnError::Report, BlockOnError::Report);
            report.disk.fail_operation(0, error);
            CHECK(report.run(report.driver, spec::kBlockWrite, 0) == spec::kBlockStatusIoError);
            REQUIRE(report.errors->errors().size() == 1);
            CHECK(report.errors->errors()[0].error_number == error);
            CHECK(report.errors->errors()[0].action == BlockErrorAction::Report);
            CHECK_FALSE(report.errors->errors()[0].is_read);
            CHECK(report.run(report.driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);

            ErrorBench ignore(BlockOnError::Ignore, BlockOnError::Report);
            ignore.disk.fail_operation(0, error);
            CHECK(ignore.run(ignore.driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
            REQUIRE(ignore.errors->errors().size() == 1);
            CHECK(ignore.errors->errors()[0].action == BlockErrorAction::Ignore);
            CHECK(ignore.errors->errors()[0].is_read);
        }
    }

    TEST_CASE("auto stops for a write without room, and reports the rest (B06)") {
        ErrorBench bench(BlockOnError::Auto, BlockOnError::Auto);
        bench.disk.fail_operation(0, EIO);
        bench.disk.fail_operation(1, ENOSPC);
        CHECK(bench.run(bench.driver, spec::kBlockWrite, 0) == spec::kBlockStatusIoError);
        CHECK(bench.run(bench.driver, spec::kBlockRead, 0) == spec::kBlockStatusIoError);
        bench.disk.fail_operation(2, ENOSPC);
        bench.offer(bench.prepare(bench.driver, 0, spec::kBlockWrite, 0));
        REQUIRE(bench.was_told(3));
        CHECK(bench.errors->errors()[2].action == BlockErrorAction::Stop);
    }

    TEST_CASE("stop keeps the request and takes no more; on resume it is done, once (B06)") {
        ErrorBench bench(BlockOnError::Report, BlockOnError::Stop);
        bench.disk.fail_operation(0, EIO);
        const auto first = bench.prepare(bench.driver, 0, spec::kBlockWrite, 3);
        bench.guest.fill(first.data, 512, 0x42);
        bench.offer(first);
        REQUIRE(bench.was_told(1));
        const auto second = bench.prepare(bench.driver, 1, spec::kBlockRead, 3);
        bench.offer(second);
        bench.settle();
        bench.settle();
        CHECK(bench.driver.used_index() == 0);
        CHECK(bench.disk.log().size() == 1);
        bench.stop();
        CHECK(bench.status_of(first) == 0xee);

        bench.device->resume();

        REQUIRE(eventually([&] { return bench.driver.used_index() == 2; }));
        CHECK(bench.status_of(first) == spec::kBlockStatusOk);
        CHECK(bench.status_of(second) == spec::kBlockStatusOk);
        CHECK(bench.guest.bytes(second.data, 512) == std::vector<std::uint8_t>(512, 0x42));
        CHECK(bench.disk.log() == std::vector<MemoryDisk::Entry>{{Step::Write, 1536, 512},
                                                                 {Step::Write, 1536, 512},
                                                                 {Step::Read, 1536, 512}});
        bench.settle();
        CHECK(bench.driver.used_index() == 2);
    }

    TEST_CASE("many that fail are tried again in the order of their arrival (B06)") {
        ErrorBench bench(BlockOnError::Stop, BlockOnError::Stop);
        bench.disk.hold();
        std::vector<VirtioBench::Request> requests;
        for (std::uint16_t slot = 0; slot < 5; ++slot) {
            bench.disk.fail_operation(slot, EIO);
            requests.push_back(bench.prepare(bench.driver, slot, spec::kBlockWrite, slot));
            bench.driver.put_available(requests.back().head);
        }
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 5; }));
        bench.disk.let_go();
        REQUIRE(bench.was_told(5));
        bench.stop();
        CHECK(bench.driver.used_index() == 0);
        bench.device->resume();
        REQUIRE(eventually([&] { return bench.driver.used_index() == 5; }));

        const auto log = bench.disk.log();
        REQUIRE(log.size() == 10);
        for (std::size_t index = 0; index < 5; ++index) {
            CHECK(log[5 + index].offset == index * 512);
        }
        CHECK(bench.block().totals().of(BlockAccount::Write).operations == 5);
        CHECK(bench.block().totals().of(BlockAccount::Write).failed == 0);
    }

    TEST_CASE("an error at each retry stops again, and nothing is lost (B06)") {
        ErrorBench bench(BlockOnError::Stop, BlockOnError::Stop);
        for (unsigned round = 0; round < 4; ++round) {
            bench.disk.fail_operation(round, ENOSPC);
        }
        const auto request = bench.prepare(bench.driver, 0, spec::kBlockWrite, 0);
        bench.offer(request);
        for (std::size_t round = 1; round <= 4; ++round) {
            REQUIRE(bench.was_told(round));
            CHECK(bench.driver.used_index() == 0);
            bench.stop();
            bench.device->resume();
        }
        REQUIRE(eventually([&] { return bench.driver.used_index() == 1; }));
        CHECK(bench.status_of(request) == spec::kBlockStatusOk);
        CHECK(bench.errors->errors().size() == 4);
    }

    TEST_CASE("a flush that failed is kept under werror=stop (B06, B08)") {
        ErrorBench bench(BlockOnError::Report, BlockOnError::Stop);
        bench.disk.fail_operation(0, EIO);
        const auto request = bench.prepare(bench.driver, 0, spec::kBlockFlush, 0, 0);
        bench.offer(request);
        REQUIRE(bench.was_told(1));
        bench.stop();
        bench.device->resume();
        REQUIRE(eventually([&] { return bench.driver.used_index() == 1; }));
        CHECK(bench.status_of(request) == spec::kBlockStatusOk);
    }

    TEST_CASE("a reset drops what is kept: no byte of it reaches the guest (B07, T08)") {
        ErrorBench bench(BlockOnError::Stop, BlockOnError::Stop);
        bench.disk.fail_operation(0, EIO);
        const auto request = bench.prepare(bench.driver, 0, spec::kBlockRead, 0);
        bench.offer(request);
        REQUIRE(bench.was_told(1));
        bench.stop();

        REQUIRE(bench.reset_and_wait());
        bench.device->resume();
        bench.settle();

        CHECK(bench.status_of(request) == 0xee);
        CHECK(bench.disk.log().size() == 1);
        DriverQueue fresh(bench.guest, 16);
        bench.start(fresh);
        CHECK(bench.run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }

    TEST_CASE("a device goes away with a request that is kept (B07, H01)") {
        ErrorBench bench(BlockOnError::Stop, BlockOnError::Stop);
        bench.disk.fail_operation(0, EIO);
        bench.offer(bench.prepare(bench.driver, 0, spec::kBlockRead, 0));
        REQUIRE(bench.was_told(1));
        bench.device.reset();
        CHECK_FALSE(bench.disk.claimed);
    }

    TEST_CASE("a part that was written is not written again, the rest is (B06)") {
        class Operation final : public BlockOperation {
            void complete(int) override {}
        } operation;
        std::vector<char> memory(1024);
        std::vector<iovec> buffers{{memory.data(), 1024}};
        operation.prepare_write(0, buffers, false);
        CHECK_FALSE(operation.advance(512, 4096));
        CHECK(operation.advance(-ENOSPC, 4096));

        operation.prepare_again();

        CHECK(operation.error() == 0);
        CHECK(operation.offset() == 512);
        CHECK(operation.buffers().front().iov_len == 512);
        CHECK(operation.advance(512, 4096));
    }
}

}  // namespace siskin
