// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/zero_detector, and which nodes have one.
#include "devices/block/zero_detector.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "tests/unit/devices/block/manual_node.h"

namespace siskin {
namespace {

using Kind = BlockOperation::Kind;
using Step = BlockOperation::Step;

class Operation final : public BlockOperation {
public:
    void complete(int) override {}
};

// Two buffers of zeroes, one not even a sector long, and a disk that detects.
struct Bench {
    explicit Bench(DetectZeroes detect) {
        node.set_detect_zeroes(detect);
        engine = std::move(*node.create_engine(1));
    }
    void submit_write(bool durable = false) {
        buffers = {iovec{bytes.data(), 7}, iovec{bytes.data() + 7, bytes.size() - 7}};
        write.prepare_write(1024, buffers, durable);
        engine->submit(write);
    }

    ManualNode node;
    std::unique_ptr<BlockEngine> engine;
    std::vector<std::byte> bytes = std::vector<std::byte>(4096);
    std::array<iovec, 2> buffers;
    Operation write;
};

}  // namespace

TEST_SUITE("devices/block/zero_detector") {
    TEST_CASE("one byte that is not zero is found wherever it is, and in any length") {
        for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 512U}) {
            std::vector<std::byte> bytes(size);
            const iovec whole{bytes.data(), size};
            CAPTURE(size);
            CHECK(are_zeroes(std::span(&whole, 1)));
            for (std::size_t index = 0; index < size; ++index) {
                bytes[index] = std::byte{0x80};
                CAPTURE(index);
                CHECK_FALSE(are_zeroes(std::span(&whole, 1)));
                bytes[index] = std::byte{0};
            }
        }
        const iovec nothing{nullptr, 0};
        CHECK(are_zeroes({}));
        CHECK(are_zeroes(std::span(&nothing, 1)));
    }

    TEST_CASE("a write of zeroes is a write zeroes that keeps its room, or gives it back") {
        Bench on(DetectZeroes::On);
        Bench unmap(DetectZeroes::Unmap);

        on.submit_write();
        unmap.submit_write(true);

        CHECK(on.write.kind() == Kind::WriteZeroes);
        CHECK(on.write.step() == Step::ZeroRange);
        CHECK(on.write.offset() == 1024);
        CHECK(on.write.length() == 4096);
        CHECK_FALSE(on.write.durable());
        CHECK(unmap.write.step() == Step::PunchHole);
        CHECK(unmap.write.may_unmap());
        CHECK_FALSE(unmap.write.advance(0, ManualNode::kEnd));
        CHECK(unmap.write.step() == Step::Sync);
    }

    TEST_CASE("other writes stay writes, as do all of a node that does not detect") {
        Bench on(DetectZeroes::On);
        Bench off(DetectZeroes::Off);
        on.bytes.back() = std::byte{1};

        on.submit_write();
        off.submit_write();

        CHECK(on.write.kind() == Kind::Write);
        CHECK(off.write.kind() == Kind::Write);
    }

    TEST_CASE("more buffers than a call takes are all looked at") {
        Bench on(DetectZeroes::On);
        std::vector<iovec> many(BlockOperation::kBuffersPerCallMax + 1,
                                iovec{on.bytes.data(), 512});
        std::array<std::byte, 512> other{};
        other[0] = std::byte{1};
        many.back().iov_base = other.data();
        on.write.prepare_write(0, many, false);

        on.engine->submit(on.write);

        CHECK(on.write.kind() == Kind::Write);
    }

    TEST_CASE("a write whose sync failed syncs again, and is not written anew (B06)") {
        Bench on(DetectZeroes::On);
        on.bytes[0] = std::byte{1};
        on.submit_write(true);
        REQUIRE_FALSE(on.write.advance(4096, ManualNode::kEnd));
        REQUIRE(on.write.advance(-EIO, ManualNode::kEnd));

        on.write.prepare_again();
        on.engine->submit(on.write);

        CHECK(on.write.kind() == Kind::Write);
        CHECK(on.write.step() == Step::Sync);
    }

    TEST_CASE("the rest of a write that failed half way may be zeroes (B06)") {
        Bench on(DetectZeroes::On);
        on.bytes[0] = std::byte{1};
        on.submit_write();
        REQUIRE_FALSE(on.write.advance(512, ManualNode::kEnd));
        REQUIRE(on.write.advance(-ENOSPC, ManualNode::kEnd));

        on.write.prepare_again();
        on.engine->submit(on.write);

        CHECK(on.write.kind() == Kind::WriteZeroes);
        CHECK(on.write.offset() == 1536);
        CHECK(on.write.length() == 3584);
    }

    TEST_CASE("reads, flushes and discards are passed on as they are") {
        Bench on(DetectZeroes::On);
        iovec buffer{on.bytes.data(), 512};
        on.write.prepare_read(0, std::span(&buffer, 1));
        on.engine->submit(on.write);
        CHECK(on.write.kind() == Kind::Read);
        on.write.prepare_flush();
        on.engine->submit(on.write);
        CHECK(on.write.kind() == Kind::Flush);
        on.write.prepare_discard(0, 512);
        on.engine->submit(on.write);
        CHECK(on.write.kind() == Kind::Discard);
        CHECK(on.engine->name() == "manual");
    }
}

}  // namespace siskin
