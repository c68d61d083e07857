// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/raw_filter.
#include "devices/block/raw_filter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/loop/io_loop.h"
#include "devices/block/raw_file.h"
#include "tests/harness/loop_wake.h"
#include "tests/unit/devices/block/manual_node.h"
#include "tests/unit/devices/block/temporary_file.h"

namespace siskin {
namespace {

constexpr ImageUse kWrites{true, false};
constexpr ImageUse kWritesShared{true, true};

std::unique_ptr<RawFile> file_node(const TemporaryFile& file) {
    RawFileOptions options;
    options.node_name = "file";
    options.path = file.path();
    options.unmap = true;
    return *RawFile::open(options);
}

RawFilterOptions part(std::uint64_t offset, std::optional<std::uint64_t> size,
                      std::string name = "raw") {
    RawFilterOptions options;
    options.node_name = std::move(name);
    options.offset = offset;
    options.size = size;
    return options;
}

std::string refusal(SharedNode& child, std::uint64_t offset, std::optional<std::uint64_t> size) {
    const auto filter = RawFilter::create(part(offset, size), child);
    return filter ? "" : filter.error().message;
}

class Operation final : public BlockOperation {
public:
    void complete(int error_number) override {
        error = error_number;
        ++completions;
    }

    int error = -1;
    unsigned completions = 0;
};

std::string resize_refusal(BlockNode& node, std::uint64_t size) {
    const auto resized = node.resize(ByteCount{size});
    return resized ? "" : resized.error().message;
}

void run(BlockNode& node, Operation& operation) {
    IoLoop loop = *IoLoop::create();
    const auto engine = *node.create_engine(1);
    SISKIN_ASSERT(engine->attach(loop).has_value());
    engine->submit(operation);
    test::LoopWake wake(loop);
    wake.wake();
    while (operation.completions == 0) {
        loop.run_one_turn();
    }
    engine->detach(loop);
}

}  // namespace

TEST_SUITE("devices/block/raw_filter") {
    TEST_CASE("a part has its own size, the rest goes up to the last whole sector") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);

        CHECK((*RawFilter::create(part(0, {}), *child))->capacity() == ByteCount{4096});
        CHECK((*RawFilter::create(part(512, 1024), *child))->capacity() == ByteCount{1024});
        CHECK((*RawFilter::create(part(100, {}), *child))->capacity() == ByteCount{3584});
    }

    TEST_CASE("a part that is not inside the child is refused with the numbers") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);

        CHECK(refusal(*child, 8192, {}) ==
              "Offset (8192) cannot be greater than size of the containing file (4096)");
        CHECK(refusal(*child, 512, 4096) ==
              "The sum of offset (512) and size (4096) has to be smaller or equal to the actual "
              "size of the containing file (4096)");
        CHECK(refusal(*child, 512, UINT64_MAX).starts_with("The sum of offset"));
        CHECK(refusal(*child, 0, 100) == "Specified size is not multiple of 512");
        CHECK(refusal(*child, 4096, {}) == "nothing is left of 'file' behind offset 4096");
    }

    TEST_CASE("a write lands at the part's place, and nowhere else") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);
        const auto filter = *RawFilter::create(part(1024, 1024), *child);
        std::vector<char> data(512, 'x');
        iovec buffer{data.data(), data.size()};
        Operation write;
        write.prepare_write(512, std::span(&buffer, 1), false);

        run(*filter, write);

        CHECK(write.error == 0);
        CHECK(write.offset() == 1024);  // behind what is done, as the submitter counts
        const auto bytes = file.bytes();
        CHECK(std::count(bytes.begin() + 1536, bytes.begin() + 2048, 'x') == 512);
        CHECK(std::count(bytes.begin(), bytes.end(), 'x') == 512);
    }

    TEST_CASE("discards reach the child with discard=unmap only") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);
        RawFilterOptions options = part(0, {});
        options.unmap = true;

        CHECK_FALSE((*RawFilter::create(part(0, {}), *child))->limits().unmap);
        CHECK((*RawFilter::create(options, *child))->limits().unmap);
    }

    TEST_CASE("what is prepared again goes on behind the offset, not twice behind it (B06)") {
        ManualNode child;
        const auto filter = *RawFilter::create(part(4096, {}), child);
        const auto engine = *filter->create_engine(1);
        std::array<char, 1024> data{};
        std::array buffers{iovec{data.data(), 512}, iovec{data.data() + 512, 512}};
        Operation write;
        write.prepare_write(512, buffers, true);
        engine->submit(write);
        REQUIRE(child.submitted->offset() == 4608);
        REQUIRE_FALSE(write.advance(512, ManualNode::kEnd));
        REQUIRE(write.advance(-ENOSPC, ManualNode::kEnd));
        CHECK(write.offset() == 1024);
        CHECK(write.size_left() == 512);

        for (const int error : {ENOSPC, EIO}) {
            write.prepare_again();
            engine->submit(write);
            CHECK(write.offset() == 5120);
            CHECK(write.advance(-error, ManualNode::kEnd));
            CHECK(write.BlockOperation::error() == error);
        }
        write.prepare_again();
        engine->submit(write);
        CHECK(write.offset() == 5120);
        CHECK_FALSE(write.advance(512, ManualNode::kEnd));
        CHECK(write.step() == BlockOperation::Step::Sync);
        CHECK(write.advance(0, ManualNode::kEnd));
        CHECK(write.BlockOperation::error() == 0);
        CHECK(write.offset() == 1536);
    }

    TEST_CASE("zeroes that may not unmap stay so, and in place, when they are prepared again") {
        ManualNode child;
        const auto filter = *RawFilter::create(part(4096, {}), child);
        const auto engine = *filter->create_engine(1);
        Operation zeroes;
        zeroes.prepare_write_zeroes(512, 2048, true, false);
        engine->submit(zeroes);
        REQUIRE(zeroes.step() == BlockOperation::Step::ZeroRange);
        REQUIRE(zeroes.advance(-ENOSPC, ManualNode::kEnd));

        zeroes.prepare_again();
        engine->submit(zeroes);

        CHECK(zeroes.step() == BlockOperation::Step::ZeroRange);
        CHECK(zeroes.offset() == 4608);
        CHECK(zeroes.length() == 2048);
        CHECK(zeroes.advance(0, ManualNode::kEnd));
        CHECK(zeroes.BlockOperation::error() == 0);
    }

    TEST_CASE("what a limit below holds is released through it (B07)") {
        ManualNode child;
        const auto filter = *RawFilter::create(part(4096, {}), child);
        const auto engine = *filter->create_engine(1);

        engine->release_held();

        CHECK(child.releases == 1);
    }

    TEST_CASE("a disk below that is lost and found again is so through it") {
        class Listener final : public BlockEngineListener {
            void on_availability_changed() override {}
        } listener;
        ManualNode child;
        const auto filter = *RawFilter::create(part(4096, {}), child);
        const auto engine = *filter->create_engine(1);
        CHECK(engine->is_available());

        engine->set_listener(&listener);
        child.available = false;

        CHECK_FALSE(engine->is_available());
        CHECK(child.listener == &listener);
    }

    TEST_CASE("a new size is one behind the offset, in whole sectors (B14)") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);
        const auto filter = *RawFilter::create(part(100, {}), *child);

        CHECK(resize_refusal(*filter, 8000).empty());
        CHECK(filter->capacity() == ByteCount{8192});
        CHECK(file.bytes().size() == 8292);
        CHECK(resize_refusal(*filter, 512).empty());
        CHECK(filter->capacity() == ByteCount{512});
        CHECK(file.bytes().size() == 612);
    }

    TEST_CASE("a part of a fixed size, and one that is read-only, keep their size (B14)") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);
        RawFilterOptions reader = part(0, {});
        reader.read_only = true;

        CHECK(resize_refusal(**RawFilter::create(part(512, 1024), *child), 2048) ==
              "block node 'raw' has a fixed size of 1024 bytes");
        CHECK(resize_refusal(**RawFilter::create(reader, *child), 2048) ==
              "block node 'raw' is read-only");
        CHECK(file.bytes().size() == 4096);
    }

    TEST_CASE("two parts of one file are two devices' when both share (B13)") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);
        const auto first = *RawFilter::create(part(0, 2048, "first"), *child);
        const auto second = *RawFilter::create(part(2048, {}, "second"), *child);
        REQUIRE(first->claim(kWrites).has_value());

        CHECK_FALSE(second->claim(kWrites).has_value());
        CHECK_FALSE(second->is_claimed());

        first->release();
        CHECK(first->claim(kWritesShared).has_value());
        CHECK(second->claim(kWritesShared).has_value());
    }

    TEST_CASE("the image is locked through it (B13)") {
        const TemporaryFile file(4096);
        const auto child = file_node(file);
        const auto filter = *RawFilter::create(part(0, {}), *child);
        const auto stranger = file_node(file);
        REQUIRE(filter->claim(kWrites).has_value());

        CHECK_FALSE(stranger->claim(kWrites).has_value());

        filter->release();
        CHECK(stranger->claim(kWrites).has_value());
    }
}

}  // namespace siskin
