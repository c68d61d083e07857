// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/bounce_buffers.
#include "devices/block/bounce_buffers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

namespace siskin {
namespace {

class Operation final : public BlockOperation {
public:
    void complete(int) override {}

    std::vector<iovec> buffers;
};

constexpr DirectAlignment kBy512{512, 512};
constexpr std::uint64_t kFarEnd = std::uint64_t{1} << 40U;

// A block of memory whose alignment is known.
struct Memory {
    alignas(4096) std::array<std::byte, 8192> bytes{};
};

}  // namespace

TEST_SUITE("devices/block/bounce_buffers") {
    TEST_CASE("buffers that fit are used as they are (B11)") {
        auto buffers = *BounceBuffers::create(kBy512);
        const auto memory = std::make_unique<Memory>();
        Operation operation;
        operation.buffers = {iovec{memory->bytes.data(), 4096}};
        operation.prepare_read(0, operation.buffers);

        const auto taken = buffers.take(operation);

        REQUIRE(taken.has_value());
        CHECK(taken->data() == operation.buffers.data());
        CHECK(buffers.give_back(operation, 4096, kFarEnd) == 4096);
    }

    TEST_CASE("without direct I/O everything fits") {
        auto buffers = *BounceBuffers::create(DirectAlignment{});
        const auto memory = std::make_unique<Memory>();
        Operation operation;
        operation.buffers = {iovec{memory->bytes.data() + 1, 13}};
        operation.prepare_read(0, operation.buffers);

        CHECK(buffers.take(operation)->data() == operation.buffers.data());
        CHECK(buffers.give_back(operation, 7, kFarEnd) == 7);
    }

    TEST_CASE("what is read into a bounce buffer reaches the pieces of the guest (B11)") {
        auto buffers = *BounceBuffers::create(kBy512);
        const auto memory = std::make_unique<Memory>();
        Operation operation;
        operation.buffers = {iovec{memory->bytes.data() + 1, 100},
                             iovec{memory->bytes.data() + 200, 412}};
        operation.prepare_read(0, operation.buffers);
        const auto taken = buffers.take(operation);
        REQUIRE(taken.has_value());
        REQUIRE(taken->front().iov_len == 512);
        std::fill_n(static_cast<std::byte*>(taken->front().iov_base), 512, std::byte{7});

        CHECK(buffers.give_back(operation, 512, kFarEnd) == 512);

        CHECK(std::count(memory->bytes.begin(), memory->bytes.end(), std::byte{7}) == 512);
        CHECK(memory->bytes[0] == std::byte{0});
        CHECK(memory->bytes[1] == std::byte{7});
        CHECK(memory->bytes[101] == std::byte{0});
        CHECK(memory->bytes[611] == std::byte{7});
        CHECK(operation.bounce.iov_base == nullptr);
    }

    TEST_CASE("of what a bounce buffer held before, no byte reaches the guest (V20)") {
        auto buffers = *BounceBuffers::create(kBy512);
        const auto memory = std::make_unique<Memory>();
        Operation operation;
        operation.buffers = {iovec{memory->bytes.data() + 1, 4096}};
        for (const std::int64_t result : {-EIO, 0, 300, 512, 1000, 3584}) {
            CAPTURE(result);
            memory->bytes.fill(std::byte{0xa5});
            operation.prepare_write(0, operation.buffers, false);
            REQUIRE(buffers.take(operation).has_value());
            REQUIRE(buffers.give_back(operation, 4096, kFarEnd) == 4096);
            memory->bytes.fill(std::byte{0});
            operation.prepare_read(0, operation.buffers);
            const auto taken = buffers.take(operation);
            REQUIRE(taken.has_value());
            // What the host read.
            std::fill_n(static_cast<std::byte*>(taken->front().iov_base),
                        std::max<std::int64_t>(result, 0), std::byte{7});

            const std::int64_t counted = buffers.give_back(operation, result, kFarEnd);

            CHECK(std::count(memory->bytes.begin(), memory->bytes.end(), std::byte{0xa5}) == 0);
            CHECK(std::count(memory->bytes.begin(), memory->bytes.end(), std::byte{7}) ==
                  std::max<std::int64_t>(counted, 0));
        }
    }

    TEST_CASE("when all are in use, the next one waits until one is given back") {
        auto buffers = *BounceBuffers::create(kBy512);
        const auto memory = std::make_unique<Memory>();
        std::vector<Operation> operations(BounceBuffers::kBuffersMax + 1);
        unsigned taken = 0;
        for (Operation& operation : operations) {
            operation.buffers = {iovec{memory->bytes.data() + 1, 512}};
            operation.prepare_read(0, operation.buffers);
            taken += buffers.take(operation) ? 1 : 0;
        }
        CHECK(taken == BounceBuffers::kBuffersMax);
        CHECK(buffers.next_waiting() == nullptr);

        CHECK(buffers.give_back(operations[3], -EIO, kFarEnd) == -EIO);

        CHECK(buffers.next_waiting() == &operations.back());
        CHECK(buffers.next_waiting() == nullptr);
    }

    TEST_CASE("a short transfer counts whole blocks, and none is an error") {
        auto buffers = *BounceBuffers::create(kBy512);
        const auto memory = std::make_unique<Memory>();
        Operation operation;
        operation.buffers = {iovec{memory->bytes.data(), 4096}};
        operation.prepare_write(0, operation.buffers, false);

        CHECK(buffers.give_back(operation, 1000, kFarEnd) == 512);
        CHECK(buffers.give_back(operation, 300, kFarEnd) == -EIO);
        CHECK(buffers.give_back(operation, 0, kFarEnd) == 0);
    }

    TEST_CASE("a read that ends with the file keeps its odd size") {
        auto buffers = *BounceBuffers::create(kBy512);
        const auto memory = std::make_unique<Memory>();
        Operation operation;
        operation.buffers = {iovec{memory->bytes.data(), 4096}};
        operation.prepare_read(0, operation.buffers);

        CHECK(buffers.give_back(operation, 1000, 1000) == 1000);
        CHECK(buffers.give_back(operation, 1000, 1001) == 512);
    }
}

}  // namespace siskin
