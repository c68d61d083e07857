// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/nbd_link, and what the engine does above it: servers that are lost, or stand
// still.
#include "devices/block/nbd_link.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <list>
#include <vector>

#include "devices/block/bounce_buffers.h"
#include "devices/block/null_node.h"
#include "tests/unit/devices/block/nbd_bench.h"

namespace siskin {

namespace {

using nbd_test::Bench;
using nbd_test::Operation;
using nbd_test::RawServer;

// Of two buffers each, so each needs a bounce buffer.
struct ManyReads {
    explicit ManyReads(std::size_t count) {
        for (std::size_t index = 0; index < count; ++index) {
            Operation& operation = operations.emplace_back(1024, 512);
            operation.prepare_read(0, operation.buffers);
        }
    }
    void submit(Bench& bench) {
        for (Operation& operation : operations) {
            bench.submit(operation);
        }
    }
    void wait(Bench& bench) const {
        for (const Operation& operation : operations) {
            bench.wait_for(operation);
        }
    }
    [[nodiscard]] std::size_t count(int error) const {
        return static_cast<std::size_t>(
            std::count_if(operations.begin(), operations.end(),
                          [&](const Operation& one) { return one.is_done && one.error == error; }));
    }
    [[nodiscard]] std::size_t count_done() const {
        return static_cast<std::size_t>(
            std::count_if(operations.begin(), operations.end(),
                          [](const Operation& one) { return one.is_done; }));
    }

    std::list<Operation> operations;
};

}  // namespace

TEST_SUITE("devices/block/nbd_link") {
    TEST_CASE("a lost server fails requests at once without reconnect-delay") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address());
        REQUIRE(bench.write(0, 'x') == 0);

        raw.server.kill();

        CHECK(bench.read(0, 512).empty());
        CHECK(bench.write(0, 'y') == EIO);
    }

    TEST_CASE("with reconnect-delay requests wait until the server is back") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address(), std::chrono::seconds(60));
        REQUIRE(bench.write(0, 'x') == 0);
        raw.server.kill();
        Operation waiting;
        waiting.prepare_read(0, waiting.buffers);
        bench.submit(waiting);
        bench.loop.run_one_turn();
        REQUIRE_FALSE(waiting.is_done);

        raw.server.start();
        bench.wait_for(waiting);

        CHECK(waiting.error == 0);
        CHECK(waiting.data == std::vector<char>(512, 'x'));
    }

    TEST_CASE("a flush that failed with the server's loss stays failed (B08)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address());
        REQUIRE(bench.write(0, 'x') == 0);
        raw.server.kill();
        CHECK(bench.flush() == EIO);

        raw.server.start();
        while (bench.read(0, 512).empty()) {
            bench.loop.run_one_turn();  // the next attempt's
        }

        CHECK(bench.flush() == EIO);
        CHECK(bench.write(512, 'y') == 0);
    }

    TEST_CASE("a server that stands still holds up its own disk alone (B15)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address());
        const auto other = *NullNode::create(NullNodeOptions{});
        const auto other_engine = *other->create_engine(1);
        REQUIRE(other_engine->attach(bench.loop).has_value());
        ::kill(raw.server.pid(), SIGSTOP);
        Operation stuck;
        stuck.prepare_read(0, stuck.buffers);
        bench.submit(stuck);

        unsigned served = 0;
        for (int round = 0; round < 1000; ++round) {
            Operation read;
            read.prepare_read(0, read.buffers);
            other_engine->submit(read);
            bench.wait_for(read);
            served += stuck.is_done ? 0 : 1;
        }

        CHECK(served == 1000);
        ::kill(raw.server.pid(), SIGCONT);
        bench.wait_for(stuck);
        CHECK(stuck.error == 0);
        other_engine->detach(bench.loop);
    }

    TEST_CASE("more requests than there are bounce buffers all fail with a lost server (B06)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address());
        ::kill(raw.server.pid(), SIGSTOP);
        ManyReads reads(3 * BounceBuffers::kBuffersMax);
        reads.submit(bench);
        bench.loop.run_one_turn();

        raw.server.kill();

        reads.wait(bench);
        CHECK(reads.count(EIO) == reads.operations.size());
    }

    TEST_CASE("a server that stands still hands back what somebody waits for (B15)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        RawServer raw;
        Bench bench(raw.server.address(), {}, std::chrono::milliseconds(100));
        REQUIRE(bench.write(0, 'x') == 0);
        ::kill(raw.server.pid(), SIGSTOP);
        ManyReads reads(3 * BounceBuffers::kBuffersMax);
        reads.submit(bench);
        bench.loop.run_one_turn();
        CHECK(reads.count_done() == 0);

        bench.engine->hand_back_held();

        reads.wait(bench);
        CHECK(reads.count(BlockEngine::kLost) == reads.operations.size());

        // They wait for the connection, also without reconnect-delay.
        ::kill(raw.server.pid(), SIGCONT);
        for (Operation& operation : reads.operations) {
            operation.begin_again();
        }
        reads.submit(bench);
        reads.wait(bench);
        CHECK(reads.count(0) == reads.operations.size());
        CHECK(reads.operations.front().data.front() == 'x');
    }

    TEST_CASE("a server that answers, if slowly, is waited for") {
        if (!has_program(kNbdkit)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = NbdTestServer::nbdkit(
            folder, {"--filter=delay", "--threads=1", "memory", "1M", "delay-read=300ms"});
        server.start();
        Bench bench(server.address(), {}, std::chrono::milliseconds(1500));
        ManyReads reads(8);
        reads.submit(bench);
        bench.loop.run_one_turn();

        bench.engine->hand_back_held();

        reads.wait(bench);
        CHECK(reads.count(0) == reads.operations.size());
    }
}

}  // namespace siskin
