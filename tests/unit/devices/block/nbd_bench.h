// SPDX-License-Identifier: Apache-2.0
// A node of an NBD server with its engine and a loop, for tests.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/loop/io_loop.h"
#include "devices/block/nbd_node.h"
#include "tests/harness/loop_wake.h"
#include "tests/unit/devices/block/nbd_server.h"

namespace siskin::nbd_test {

inline constexpr std::uint64_t kSize = 1 << 20;

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

inline NbdTestServer raw_server(const test::TemporaryDirectory& folder) {
    std::filesystem::resize_file(folder.write_file("disk.raw", ""), kSize);
    return NbdTestServer::qemu(folder,
                               {"--format=raw", "--discard=unmap", folder.path("disk.raw")});
}

// A started server of a raw disk.
struct RawServer {
    RawServer() { server.start(); }

    test::TemporaryDirectory folder;
    NbdTestServer server = raw_server(folder);
};

}  // namespace siskin::nbd_test
