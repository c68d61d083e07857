// SPDX-License-Identifier: Apache-2.0
// Proves that a disk's I/O goes from one thread to another: under load, idle, across resets.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint64_t kSectors = VirtioBench::kDiskSize / 512;
constexpr int kMoves = 200;

// Requests on a MemoryDisk never leave the thread that serves the queue, so what stands still there
// tells which thread that is.
struct MoveBench : VirtioBench {
    explicit MoveBench(bool started = true, const BlkPciConfig& settings = {})
        : VirtioBench(settings) {
        more_threads.push_back(*IoThread::create("other"));
        other = more_threads.back().get();
        if (started) {
            start(*driver);
        }
    }
    // As a vCPU has it.
    bool reset_and_start() {
        {
            const MutexLock hold(lock);
            set_status(0);
        }
        const bool is_reset = eventually([&] {
            const MutexLock hold(lock);
            return status() == 0;
        });
        driver.emplace(guest, 16);
        const MutexLock hold(lock);
        start(*driver);
        return is_reset;
    }
    Result<> move_to(IoThread& thread) { return block().move_to(thread, lock); }

    MachineLock lock;
    IoThread* other;
    std::optional<DriverQueue> driver{std::in_place, guest, 16};
};

}  // namespace

TEST_SUITE("virtio/block/block_device: moves") {
    TEST_CASE("after a move the old thread can end, and the disk goes on") {
        MoveBench bench;
        REQUIRE(bench.run(*bench.driver, spec::kBlockWrite, 1) == spec::kBlockStatusOk);

        REQUIRE(bench.move_to(*bench.other).has_value());
        bench.io_thread.reset();

        CHECK(bench.run(*bench.driver, spec::kBlockRead, 1) == spec::kBlockStatusOk);
        CHECK(bench.run(*bench.driver, spec::kBlockRead, kSectors) == spec::kBlockStatusIoError);
    }

    TEST_CASE("what is in flight finishes on the old thread, what comes meanwhile waits") {
        MoveBench bench;
        bench.disk.hold();
        const auto first = bench.prepare(*bench.driver, 0, spec::kBlockWrite, 3);
        bench.driver->put_available(first.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        const unsigned before = bench.disk.releases;
        std::atomic<bool> moved{false};
        std::thread mover([&] {
            CHECK(bench.move_to(*bench.other).has_value());
            moved = true;
        });
        REQUIRE(eventually([&] { return bench.disk.releases == before + 1; }));
        const auto second = bench.prepare(*bench.driver, 1, spec::kBlockRead, 3);
        bench.driver->put_available(second.head);
        bench.notify();
        bench.settle();
        CHECK_FALSE(moved);
        CHECK(bench.disk.waiting() == 1);

        bench.disk.let_go();
        mover.join();

        REQUIRE(eventually([&] { return bench.driver->used_index() == 2; }));
        CHECK(bench.status_of(first) == spec::kBlockStatusOk);
        CHECK(bench.status_of(second) == spec::kBlockStatusOk);
    }

    TEST_CASE("a disk without a driver moves, and its driver finds it there") {
        MoveBench bench(false);
        REQUIRE(bench.move_to(*bench.other).has_value());
        bench.io_thread.reset();

        bench.start(*bench.driver);

        CHECK(bench.run(*bench.driver, spec::kBlockWrite, 1) == spec::kBlockStatusOk);
    }

    TEST_CASE("requests come and go during two hundred moves, each once") {
        MoveBench bench;
        std::atomic<bool> done{false};
        std::thread mover([&] {
            for (int count = 0; count < kMoves; ++count) {
                CHECK(bench.move_to(count % 2 == 0 ? *bench.other : *bench.io_thread).has_value());
            }
            done = true;
        });

        std::size_t requests = 0;
        std::size_t failed = 0;
        while (!done || requests < kMoves) {
            const auto status = bench.run(*bench.driver, spec::kBlockWrite, requests % kSectors);
            failed += status == spec::kBlockStatusOk ? 0 : 1;
            ++requests;
        }
        mover.join();

        CHECK(failed == 0);
        CHECK(bench.disk.log().size() == requests);
    }

    TEST_CASE("a driver resets its disk again and again while that moves (T08)") {
        MoveBench bench;
        std::atomic<bool> done{false};
        std::thread resetter([&] {
            int resets = 0;
            while ((!done || resets < 10) && resets < 500) {
                CHECK(bench.reset_and_start());
                CHECK(bench.run(*bench.driver, spec::kBlockWrite, 5) == spec::kBlockStatusOk);
                ++resets;
            }
        });

        for (int count = 0; count < kMoves; ++count) {
            CHECK(bench.move_to(count % 2 == 0 ? *bench.other : *bench.io_thread).has_value());
        }
        done = true;
        resetter.join();

        CHECK(bench.run(*bench.driver, spec::kBlockRead, 5) == spec::kBlockStatusOk);
    }

    TEST_CASE("a paused disk moves and stays paused") {
        MoveBench bench;
        bench.device->pause([] {});
        REQUIRE(bench.move_to(*bench.other).has_value());
        const auto request = bench.prepare(*bench.driver, 0, spec::kBlockRead, 1);
        bench.driver->put_available(request.head);
        bench.notify();
        bench.other->run_and_wait([](IoLoop&) {});
        CHECK(bench.driver->used_index() == 0);

        bench.device->resume();

        REQUIRE(eventually([&] { return bench.driver->used_index() == 1; }));
        CHECK(bench.status_of(request) == spec::kBlockStatusOk);
    }

    TEST_CASE("where the new thread cannot watch it, the disk asks for a reset, which cures it") {
        MoveBench bench;
        bench.disk.refuse_attach = true;

        REQUIRE(bench.move_to(*bench.other).has_value());

        REQUIRE(eventually([&] {
            bench.relay.run();
            return (bench.status() & spec::kStatusNeedsReset) != 0;
        }));
        bench.disk.refuse_attach = false;
        CHECK(bench.reset_and_start());
        CHECK(bench.run(*bench.driver, spec::kBlockWrite, 5) == spec::kBlockStatusOk);
    }

    TEST_CASE("a request that was kept after an error is tried again on the new thread (B06)") {
        BlkPciConfig settings;
        settings.blk.werror = BlockOnError::Stop;
        MoveBench bench(true, settings);
        bench.disk.fail_operation(0, ENOSPC);
        const auto request = bench.prepare(*bench.driver, 0, spec::kBlockWrite, 100);
        bench.driver->put_available(request.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.errors->errors().size() == 1; }));
        bench.device->pause([] {});
        REQUIRE(bench.move_to(*bench.other).has_value());
        bench.other->run_and_wait([](IoLoop&) {});
        CHECK(bench.driver->used_index() == 0);

        bench.device->resume();

        REQUIRE(eventually([&] { return bench.driver->used_index() == 1; }));
        CHECK(bench.status_of(request) == spec::kBlockStatusOk);
        CHECK(bench.disk.log().size() == 2);
    }

    TEST_CASE("a disk with several threads stays where it is") {
        VirtioBench bench({}, false, false, 2);
        MachineLock lock;

        const auto moved = bench.block().move_to(*bench.io_thread, lock);

        REQUIRE_FALSE(moved.has_value());
        CHECK(moved.error().message ==
              "block node 'disk0' is of a disk with 2 I/O threads, allowed is 1");
    }
}

}  // namespace siskin
