// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/nbd_node and devices/block/nbd_engine, on servers of Debian's packages.
#include "devices/block/nbd_node.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <list>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/loop/io_loop.h"
#include "devices/block/bounce_buffers.h"
#include "devices/block/null_node.h"
#include "tests/harness/loop_wake.h"
#include "tests/unit/devices/block/nbd_server.h"

namespace siskin {
namespace {

constexpr std::uint64_t kSize = 1 << 20;

class Operation final : public BlockOperation {
public:
    explicit Operation(std::size_t size = 512, std::size_t piece = 512) : data(size) {
        for (std::size_t at = 0; at < size; at += piece) {
            buffers.push_back(iovec{data.data() + at, std::min(piece, size - at)});
        }
    }
    void complete(int error_number) override {
        error = error_number;
        is_done = true;
    }
    void begin_again() {
        is_done = false;
        prepare_again();
    }

    std::vector<char> data;
    std::vector<iovec> buffers;
    int error = -1;
    bool is_done = false;
};

struct Bench {
    explicit Bench(const NbdServer& server, std::chrono::seconds reconnect_delay = {},
                   std::chrono::milliseconds drain_patience = std::chrono::seconds(10)) {
        NbdNodeOptions options;
        options.node_name = "disk";
        options.server = server;
        options.reconnect_delay = reconnect_delay;
        options.drain_patience = drain_patience;
        options.unmap = true;
        node = *NbdNode::open(options);
        engine = *node->create_engine(32);
        SISKIN_ASSERT(engine->attach(loop).has_value());
    }
    ~Bench() { engine->detach(loop); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void submit(Operation& operation) {
        engine->submit(operation);
        wake.wake();
    }
    void wait_for(const Operation& operation) {
        while (!operation.is_done) {
            loop.run_one_turn();
        }
    }
    int run(Operation& operation) {
        submit(operation);
        wait_for(operation);
        return operation.error;
    }
    int write(std::uint64_t offset, char fill, std::size_t size = 512, std::size_t piece = 512) {
        Operation operation(size, piece);
        std::fill(operation.data.begin(), operation.data.end(), fill);
        operation.prepare_write(offset, operation.buffers, false);
        return run(operation);
    }
    std::vector<char> read(std::uint64_t offset, std::size_t size, std::size_t piece = 512) {
        Operation operation(size, piece);
        operation.prepare_read(offset, operation.buffers);
        return run(operation) == 0 ? operation.data : std::vector<char>();
    }
    int flush() {
        Operation operation;
        operation.prepare_flush();
        return run(operation);
    }

    std::unique_ptr<NbdNode> node;
    IoLoop loop = *IoLoop::create();
    test::LoopWake wake{loop};
    std::unique_ptr<BlockEngine> engine;
};

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

NbdTestServer raw_server(const test::TemporaryDirectory& folder) {
    std::filesystem::resize_file(folder.write_file("disk.raw", ""), kSize);
    return NbdTestServer::qemu(folder,
                               {"--format=raw", "--discard=unmap", folder.path("disk.raw")});
}

std::vector<char> bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<char>(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

TEST_SUITE("devices/block/nbd_node") {
    TEST_CASE("random requests in any pieces keep the server's disk equal to a model") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address());
        CHECK(bench.node->capacity() == ByteCount{kSize});
        std::mt19937 random(3);
        std::vector<char> model(kSize);
        unsigned wrong = 0;
        for (int round = 0; round < 200; ++round) {
            const std::size_t size = 512 * (1 + random() % 600);
            const std::size_t offset = random() % ((kSize - size) / 512) * 512;
            const auto place = model.begin() + static_cast<std::ptrdiff_t>(offset);
            const std::size_t piece = 1 + random() % size;
            if (random() % 2 == 0) {
                const char fill = static_cast<char>(random());
                std::fill_n(place, size, fill);
                wrong += bench.write(offset, fill, size, piece) == 0 ? 0 : 1;
            } else {
                const auto data = bench.read(offset, size, piece);
                wrong += data == std::vector<char>(place, place + static_cast<std::ptrdiff_t>(size))
                             ? 0
                             : 1;
            }
        }
        CHECK(wrong == 0);
        CHECK(bench.flush() == 0);
        CHECK(bytes_of(folder.path("disk.raw")) == model);
    }

    TEST_CASE("discards and zeroes reach the server") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address());
        CHECK(bench.node->limits().unmap);
        REQUIRE(bench.write(0, 'x', 262144, 262144) == 0);
        Operation zeroes;
        zeroes.prepare_write_zeroes(65536, 65536, false, true);
        Operation discard;
        discard.prepare_discard(131072, 65536);

        CHECK(bench.run(zeroes) == 0);
        CHECK(bench.run(discard) == 0);

        CHECK(bench.read(65536, 65536) == std::vector<char>(65536, 0));
        const auto bytes = bytes_of(folder.path("disk.raw"));
        CHECK(std::count(bytes.begin(), bytes.begin() + 65536, 'x') == 65536);
        CHECK(std::count(bytes.begin() + 196608, bytes.begin() + 262144, 'x') == 65536);
    }

    TEST_CASE("a qcow2 image with a backing file, served by qemu-nbd") {
        if (!has_program(kQemuNbd) || !has_program(kQemuImg)) {
            return;
        }
        const test::TemporaryDirectory folder;
        folder.write_file("base.raw", std::string(kSize, 'b'));
        REQUIRE(run_program({kQemuImg, "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                             folder.path("base.raw"), folder.path("top.qcow2")}) == 0);
        auto server = NbdTestServer::qemu(folder, {"--format=qcow2", folder.path("top.qcow2")});
        server.start();
        {
            Bench bench(server.address());
            CHECK(bench.read(4096, 512) == std::vector<char>(512, 'b'));
            CHECK(bench.write(4096, 't') == 0);
            CHECK(bench.flush() == 0);
            CHECK(bench.read(4096, 512) == std::vector<char>(512, 't'));
            CHECK(bench.read(4608, 512) == std::vector<char>(512, 'b'));
        }
        CHECK(bytes_of(folder.path("base.raw")) == std::vector<char>(kSize, 'b'));
        server.kill();
        CHECK(run_program({kQemuImg, "check", "-q", folder.path("top.qcow2")}) == 0);
    }

    TEST_CASE("errors of the server are those of their requests (B06)") {
        if (!has_program(kNbdkit)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server =
            NbdTestServer::nbdkit(folder, {"--filter=error", "memory", "1M", "error-pwrite=ENOSPC",
                                           "error-pwrite-rate=100%", "error-pread-rate=0"});
        server.start();
        Bench bench(server.address());

        CHECK(bench.write(0, 'x') == ENOSPC);
        CHECK(bench.read(0, 512) == std::vector<char>(512, 0));
    }

    TEST_CASE("a lost server fails requests at once without reconnect-delay") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address());
        REQUIRE(bench.write(0, 'x') == 0);

        server.kill();

        CHECK(bench.read(0, 512).empty());
        CHECK(bench.write(0, 'y') == EIO);
    }

    TEST_CASE("with reconnect-delay requests wait until the server is back") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address(), std::chrono::seconds(60));
        REQUIRE(bench.write(0, 'x') == 0);
        server.kill();
        Operation waiting;
        waiting.prepare_read(0, waiting.buffers);
        bench.submit(waiting);
        bench.loop.run_one_turn();
        REQUIRE_FALSE(waiting.is_done);

        server.start();
        bench.wait_for(waiting);

        CHECK(waiting.error == 0);
        CHECK(waiting.data == std::vector<char>(512, 'x'));
    }

    TEST_CASE("a flush that failed with the server's loss stays failed (B08)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address());
        REQUIRE(bench.write(0, 'x') == 0);
        server.kill();
        CHECK(bench.flush() == EIO);

        server.start();
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
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address());
        const auto other = *NullNode::create(NullNodeOptions{});
        const auto other_engine = *other->create_engine(1);
        REQUIRE(other_engine->attach(bench.loop).has_value());
        ::kill(server.pid(), SIGSTOP);
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
        ::kill(server.pid(), SIGCONT);
        bench.wait_for(stuck);
        CHECK(stuck.error == 0);
        other_engine->detach(bench.loop);
    }

    TEST_CASE("more requests than there are bounce buffers all fail with a lost server (B06)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address());
        ::kill(server.pid(), SIGSTOP);
        ManyReads reads(3 * BounceBuffers::kBuffersMax);
        reads.submit(bench);
        bench.loop.run_one_turn();

        server.kill();

        reads.wait(bench);
        CHECK(reads.count(EIO) == reads.operations.size());
    }

    TEST_CASE("a server that stands still hands back what somebody waits for (B15)") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        auto server = raw_server(folder);
        server.start();
        Bench bench(server.address(), {}, std::chrono::milliseconds(100));
        REQUIRE(bench.write(0, 'x') == 0);
        ::kill(server.pid(), SIGSTOP);
        ManyReads reads(3 * BounceBuffers::kBuffersMax);
        reads.submit(bench);
        bench.loop.run_one_turn();
        CHECK(reads.count_done() == 0);

        bench.engine->hand_back_held();

        reads.wait(bench);
        CHECK(reads.count(BlockEngine::kLost) == reads.operations.size());

        // They wait for the connection, also without reconnect-delay.
        ::kill(server.pid(), SIGCONT);
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

    TEST_CASE("a server for reading only is asked for with read-only or auto-read-only") {
        if (!has_program(kQemuNbd)) {
            return;
        }
        const test::TemporaryDirectory folder;
        std::filesystem::resize_file(folder.write_file("disk.raw", ""), kSize);
        auto server =
            NbdTestServer::qemu(folder, {"--format=raw", "--read-only", folder.path("disk.raw")});
        server.start();
        NbdNodeOptions options;
        options.server = server.address();

        CHECK(NbdNode::open(options).error().message ==
              "NBD server '" + server.socket() + "' lets export '' be read only: say read-only=on");
        options.auto_read_only = true;
        CHECK((*NbdNode::open(options))->read_only());
        options.reconnect_delay = std::chrono::seconds(3601);
        CHECK(NbdNode::open(options).error().message ==
              "reconnect-delay is 3601, the most is 3600 seconds");
    }
}

}  // namespace siskin
