// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/block_operation: what becomes of each result of a system call.
#include "devices/block/block_operation.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "devices/block/file_access.h"

namespace siskin {

using Step = BlockOperation::Step;

namespace {

class Operation final : public BlockOperation {
public:
    void complete(int) override {}
};

constexpr std::uint64_t kFarEnd = 1 << 20;

struct Bench {
    std::array<char, 64> memory{};
    std::vector<iovec> buffers{
        {memory.data(), 16}, {memory.data() + 16, 16}, {memory.data() + 32, 32}};
    Operation operation;
};

}  // namespace

TEST_SUITE("devices/block/block_operation") {
    TEST_CASE("a transfer in any two parts goes on where it stopped") {
        for (std::int64_t part = 1; part < 64; ++part) {
            Bench bench;
            bench.operation.prepare_read(4096, bench.buffers);

            CHECK_FALSE(bench.operation.advance(part, kFarEnd));
            CHECK(bench.operation.offset() == 4096 + static_cast<std::uint64_t>(part));
            CHECK(bench.operation.buffers().front().iov_base == bench.memory.data() + part);
            std::size_t left = 0;
            for (const iovec& buffer : bench.operation.buffers()) {
                left += buffer.iov_len;
            }
            CHECK(left == 64 - static_cast<std::size_t>(part));
            CHECK(bench.operation.advance(64 - part, kFarEnd));
            CHECK(bench.operation.error() == 0);
        }
    }

    TEST_CASE("EINTR and EAGAIN are tried again, but not for ever") {
        for (const int error : {EINTR, EAGAIN}) {
            Bench bench;
            bench.operation.prepare_write(0, bench.buffers, false);
            for (unsigned count = 0; count < BlockOperation::kRetriesMax; ++count) {
                CHECK_FALSE(bench.operation.advance(-error, kFarEnd));
            }
            CHECK(bench.operation.advance(-error, kFarEnd));
            CHECK(bench.operation.error() == error);
        }
    }

    TEST_CASE("progress between interruptions counts anew") {
        Bench bench;
        bench.operation.prepare_read(0, bench.buffers);
        for (unsigned count = 0; count < BlockOperation::kRetriesMax; ++count) {
            CHECK_FALSE(bench.operation.advance(-EINTR, kFarEnd));
        }
        CHECK_FALSE(bench.operation.advance(1, kFarEnd));
        CHECK_FALSE(bench.operation.advance(-EINTR, kFarEnd));
    }

    TEST_CASE("an error after a part of the transfer is the operation's error") {
        Bench bench;
        bench.operation.prepare_write(0, bench.buffers, false);

        CHECK_FALSE(bench.operation.advance(20, kFarEnd));
        CHECK(bench.operation.advance(-ENOSPC, kFarEnd));
        CHECK(bench.operation.error() == ENOSPC);
    }

    TEST_CASE("the end of the file inside the disk is an error, never zeroes") {
        Bench bench;
        bench.operation.prepare_read(0, bench.buffers);
        CHECK_FALSE(bench.operation.advance(10, kFarEnd));

        CHECK(bench.operation.advance(0, kFarEnd));
        CHECK(bench.operation.error() == EIO);

        bench.operation.prepare_write(0, bench.buffers, false);
        CHECK(bench.operation.advance(0, kFarEnd));
        CHECK(bench.operation.error() == EIO);
    }

    TEST_CASE("behind the last byte of the last sector there are zeroes") {
        Bench bench;
        bench.memory.fill('x');
        bench.operation.prepare_read(100, bench.buffers);

        CHECK(bench.operation.advance(24, 124));

        CHECK(bench.operation.error() == 0);
        CHECK(bench.memory[23] == 'x');
        for (std::size_t at = 24; at < 64; ++at) {
            CHECK(bench.memory.at(at) == 0);
        }
    }

    TEST_CASE("a durable write ends with a sync, another one does not") {
        Bench bench;
        bench.operation.prepare_write(0, bench.buffers, true);
        CHECK(bench.operation.step() == Step::Write);
        CHECK_FALSE(bench.operation.advance(64, kFarEnd));
        CHECK(bench.operation.step() == Step::Sync);
        CHECK(bench.operation.advance(0, kFarEnd));
        CHECK(bench.operation.error() == 0);

        Bench plain;
        plain.operation.prepare_write(0, plain.buffers, false);
        CHECK(plain.operation.advance(64, kFarEnd));
    }

    TEST_CASE("zeroes try each way the host may have, and are written at last") {
        Operation operation;
        operation.prepare_write_zeroes(4096, 600 * 1024, true, false);
        CHECK(operation.kind() == BlockOperation::Kind::WriteZeroes);
        CHECK(operation.step() == Step::PunchHole);
        CHECK(operation.length() == 600 * 1024);

        CHECK_FALSE(operation.advance(-EOPNOTSUPP, kFarEnd));
        CHECK(operation.step() == Step::ZeroRange);
        CHECK_FALSE(operation.advance(-EOPNOTSUPP, kFarEnd));
        CHECK(operation.step() == Step::Write);
        CHECK(operation.buffers().size() == 1);
        CHECK(operation.buffers().front().iov_len == BlockOperation::kZeroPieceMax);
        CHECK_FALSE(operation.advance(BlockOperation::kZeroPieceMax, kFarEnd));
        CHECK_FALSE(operation.advance(1024, kFarEnd));
        CHECK(operation.offset() == 4096 + BlockOperation::kZeroPieceMax + 1024);
        CHECK_FALSE(operation.advance(BlockOperation::kZeroPieceMax, kFarEnd));
        CHECK(operation.buffers().front().iov_len == 88 * 1024 - 1024);
        CHECK(operation.advance(88 * 1024 - 1024, kFarEnd));
        CHECK(operation.error() == 0);
    }

    TEST_CASE("zeroes that may not unmap never punch a hole, durable ones end with a sync") {
        Operation operation;
        operation.prepare_write_zeroes(0, 512, false, true);
        CHECK(operation.step() == Step::ZeroRange);
        CHECK_FALSE(operation.advance(0, kFarEnd));
        CHECK(operation.step() == Step::Sync);
        CHECK(operation.advance(0, kFarEnd));
        CHECK(operation.error() == 0);

        operation.prepare_write_zeroes(0, 512, true, false);
        operation.forbid_unmap();
        CHECK(operation.step() == Step::ZeroRange);
    }

    TEST_CASE("an error of the host ends zeroes and discards") {
        Operation operation;
        operation.prepare_write_zeroes(0, 512, true, false);
        CHECK(operation.advance(-ENOSPC, kFarEnd));
        CHECK(operation.error() == ENOSPC);

        operation.prepare_discard(0, 512);
        CHECK(operation.advance(-EIO, kFarEnd));
        CHECK(operation.error() == EIO);
    }

    TEST_CASE("a discard goes on in pieces, and is none where the host has no way") {
        Operation operation;
        operation.prepare_discard(0, BlockOperation::kDiscardPieceMax + 512);
        CHECK(operation.step() == Step::PunchHole);
        CHECK_FALSE(operation.advance(-EOPNOTSUPP, kFarEnd));
        CHECK(operation.step() == Step::BlockDiscard);
        CHECK(operation.length() == BlockOperation::kDiscardPieceMax);
        CHECK_FALSE(operation.advance(0, kFarEnd));
        CHECK(operation.offset() == BlockOperation::kDiscardPieceMax);
        CHECK(operation.length() == 512);
        CHECK(operation.advance(-ENOTTY, kFarEnd));
        CHECK(operation.error() == 0);

        operation.prepare_discard(0, 512);
        operation.forbid_unmap();
        CHECK(operation.step() == Step::Nothing);
        CHECK(operation.advance(0, kFarEnd));
        CHECK(operation.error() == 0);
    }

    TEST_CASE("one call takes no more buffers than the kernel allows") {
        Operation operation;
        char byte = 0;
        std::vector<iovec> many(3000, iovec{&byte, 1});
        operation.prepare_read(0, many);

        CHECK(operation.buffers().size() == 1024);
        CHECK_FALSE(operation.advance(1024, kFarEnd));
        CHECK(operation.buffers().size() == 1024);
        CHECK_FALSE(operation.advance(1024, kFarEnd));
        CHECK(operation.buffers().size() == 952);
    }

    TEST_CASE("a list is first in, first out") {
        Operation first;
        Operation second;
        BlockOperationList list;
        CHECK(list.empty());
        CHECK(list.pop() == nullptr);
        list.push(first);
        list.push(second);
        CHECK(list.front() == &first);
        CHECK(list.pop() == &first);
        list.push(first);
        CHECK(list.pop() == &second);
        CHECK(list.pop() == &first);
        CHECK(list.empty());
    }
}

TEST_SUITE("devices/block/file_access") {
    TEST_CASE("after one failed flush every flush fails, with the first error") {
        FileAccess file;
        CHECK(file.sync_result(0) == 0);
        CHECK(file.sync_result(-EINTR) == -EINTR);
        CHECK(file.sync_result(0) == 0);

        CHECK(file.sync_result(-EIO) == -EIO);
        CHECK(file.sync_result(0) == -EIO);
        CHECK(file.sync_result(-ENOSPC) == -EIO);
        CHECK(file.sync_result(-EINTR) == -EIO);
    }
}

}  // namespace siskin
