// SPDX-License-Identifier: Apache-2.0
// Proves that one slow disk holds up nobody else on its I/O thread (bug class B15).
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "base/loop/io_loop.h"
#include "devices/block/raw_file.h"
#include "tests/harness/faulty_node.h"
#include "tests/harness/host_calls.h"
#include "tests/harness/loop_wake.h"
#include "tests/unit/devices/block/temporary_file.h"

namespace siskin {
namespace {

using Clock = std::chrono::steady_clock;

// Long beside anything that a quick disk does, also on a loaded machine.
constexpr std::chrono::milliseconds kSlow{2000};

class Read final : public BlockOperation {
public:
    explicit Read(std::uint64_t offset = 0) { prepare_read(offset, std::span(&buffer_, 1)); }
    void complete(int error_number) override {
        error = error_number;
        is_done = true;
    }

    int error = -1;
    bool is_done = false;

private:
    std::vector<char> data_ = std::vector<char>(512);
    iovec buffer_{data_.data(), data_.size()};
};

std::unique_ptr<RawFile> file_node(const TemporaryFile& file, BlockAio aio) {
    RawFileOptions options;
    options.path = file.path();
    options.aio = aio;
    return *RawFile::open(options);
}

// Reads of the quick disk, one after the other; how many were served while the slow one was busy.
unsigned served_meanwhile(BlockNode& slow, BlockNode& quick) {
    IoLoop loop = *IoLoop::create();
    const auto slow_engine = *slow.create_engine(1);
    const auto quick_engine = *quick.create_engine(1);
    SISKIN_ASSERT(slow_engine->attach(loop) && quick_engine->attach(loop));
    test::LoopWake wake(loop);
    Read held_up;
    slow_engine->submit(held_up);
    unsigned served = 0;
    while (!held_up.is_done) {
        Read read(512);
        quick_engine->submit(read);
        wake.wake();
        while (!read.is_done) {
            loop.run_one_turn();
        }
        served += held_up.is_done || read.error != 0 ? 0 : 1;
    }
    slow_engine->detach(loop);
    quick_engine->detach(loop);
    return served;
}

}  // namespace

TEST_SUITE("devices/block/slow_disk") {
    TEST_CASE("a disk that takes 2 s a request leaves the other its hundreds (B15)") {
        const TemporaryFile first(4096);
        const TemporaryFile second(4096);
        const auto slow_file = file_node(first, BlockAio::Uring);
        const auto quick = file_node(second, BlockAio::Uring);
        test::FaultyNode slow(*slow_file);
        slow.delay(kSlow);

        CHECK(served_meanwhile(slow, *quick) >= 100);
    }

    TEST_CASE("a system call that takes 2 s holds up its own disk alone (B15)") {
        const TemporaryFile first(4096);
        const TemporaryFile second(4096);
        const auto slow = file_node(first, BlockAio::Threads);
        const auto quick = file_node(second, BlockAio::Threads);
        test::HostCalls::get().delay(test::HostCalls::Call::Read, 0, kSlow);

        CHECK(served_meanwhile(*slow, *quick) >= 100);
        test::HostCalls::get().reset();
    }

    TEST_CASE("a request that the decorator fails is that one alone (B06)") {
        const TemporaryFile file(4096);
        const auto node = file_node(file, BlockAio::Uring);
        test::FaultyNode faulty(*node);
        faulty.fail(1, ENOSPC);
        IoLoop loop = *IoLoop::create();
        const auto engine = *faulty.create_engine(3);
        REQUIRE(engine->attach(loop).has_value());
        std::vector<Read> reads(3);
        for (Read& read : reads) {
            engine->submit(read);
        }

        while (
            !std::all_of(reads.begin(), reads.end(), [](const Read& it) { return it.is_done; })) {
            loop.run_one_turn();
        }

        CHECK(reads[0].error == 0);
        CHECK(reads[1].error == ENOSPC);
        CHECK(reads[2].error == 0);
        engine->detach(loop);
    }
}

}  // namespace siskin
