// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/null_node.
#include "devices/block/null_node.h"

#include <doctest/doctest.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/loop/io_loop.h"

namespace siskin {
namespace {

class Operation final : public BlockOperation {
public:
    void complete(int error_number) override {
        error = error_number;
        ++completions;
    }

    int error = -1;
    unsigned completions = 0;
};

std::string refusal(std::uint64_t size, std::chrono::nanoseconds latency) {
    NullNodeOptions options;
    options.size = size;
    options.latency = latency;
    const auto node = NullNode::create(options);
    return node ? "" : node.error().message;
}

}  // namespace

TEST_SUITE("devices/block/null_node") {
    TEST_CASE("it has the size it is told, in whole sectors, within bounds") {
        NullNodeOptions options;
        options.size = 1000;

        CHECK((*NullNode::create(options))->capacity() == ByteCount{1024});
        CHECK(refusal(0, {}) == "size is 0, allowed is 1 to 4611686018427387904 bytes");
        CHECK(refusal(std::uint64_t{1} << 63U, {}).starts_with("size is 9223372036854775808"));
        CHECK(refusal(512, std::chrono::seconds(61)) ==
              "latency-ns is 61000000000, the most is 60000000000, a minute");
    }

    TEST_CASE("every kind of request succeeds, in order and once") {
        IoLoop loop = *IoLoop::create();
        const auto node = *NullNode::create(NullNodeOptions{});
        const auto engine = *node->create_engine(4);
        REQUIRE(engine->attach(loop).has_value());
        std::vector<char> data(512, 'x');
        iovec buffer{data.data(), data.size()};
        std::vector<Operation> operations(4);
        operations[0].prepare_read(0, std::span(&buffer, 1));
        operations[1].prepare_flush();
        operations[2].prepare_discard(0, 4096);
        operations[3].prepare_write_zeroes(0, 4096, false, true);
        for (Operation& operation : operations) {
            engine->submit(operation);
        }

        while (operations[3].completions == 0) {
            loop.run_one_turn();
        }

        for (const Operation& operation : operations) {
            CHECK(operation.error == 0);
            CHECK(operation.completions == 1);
        }
        CHECK(data == std::vector<char>(512, 'x'));
        engine->detach(loop);
    }

    TEST_CASE("with read-zeroes reads bring zeroes, after the latency") {
        IoLoop loop = *IoLoop::create();
        NullNodeOptions options;
        options.read_zeroes = true;
        options.latency = std::chrono::milliseconds(20);
        const auto node = *NullNode::create(options);
        const auto engine = *node->create_engine(1);
        REQUIRE(engine->attach(loop).has_value());
        std::vector<char> data(512, 'x');
        iovec buffer{data.data(), data.size()};
        Operation read;
        read.prepare_read(0, std::span(&buffer, 1));
        const auto before = std::chrono::steady_clock::now();
        engine->submit(read);

        while (read.completions == 0) {
            loop.run_one_turn();
        }

        CHECK(std::chrono::steady_clock::now() - before >= options.latency);
        CHECK(data == std::vector<char>(512, 0));
        engine->detach(loop);
    }
}

}  // namespace siskin
