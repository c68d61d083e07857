// SPDX-License-Identifier: Apache-2.0
// Proves qmp/connecting_endpoint against listeners of the test.
#include "qmp/connecting_endpoint.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unix_socket.h"
#include "tests/qmp/served_machine.h"

using siskin::ByteChannel;
using siskin::EventLoop;
using siskin::Fd;
using siskin::Result;
using siskin::SocketAddress;
using siskin::UnixListener;
using siskin::qmp::ReconnectingEndpoint;
using siskin::qmp::SingleEndpoint;
using siskin::qmp_test::new_folder;

namespace {

using Milliseconds = std::chrono::milliseconds;

// An endpoint for the socket in a new folder.
struct Bench {
    explicit Bench(Milliseconds pause)
        : endpoint({*SocketAddress::unix_path(folder + "/none"), *SocketAddress::unix_path(path)},
                   pause) {
        const auto started = endpoint.start(loop, [this](ByteChannel client) -> Result<> {
            clients.push_back(std::move(client));
            return {};
        });
        SISKIN_ASSERT(started.has_value());
    }
    ~Bench() { std::filesystem::remove_all(folder); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    // Runs the loop until so many connections were made, at most so long.
    void run_until(std::size_t count, Milliseconds limit = std::chrono::seconds(10)) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (clients.size() < count && std::chrono::steady_clock::now() < end) {
            loop.run_ready();
        }
    }

    std::string folder = new_folder();
    std::string path = folder + "/socket";
    EventLoop loop;
    std::vector<ByteChannel> clients;
    ReconnectingEndpoint endpoint;
};

}  // namespace

TEST_SUITE("qmp/connecting_endpoint") {
    TEST_CASE("the first address that answers is used") {
        Bench bench(std::chrono::hours(1));
        const auto listener = UnixListener::listen(bench.path);

        bench.run_until(1);

        CHECK(bench.clients.size() == 1);
        CHECK(listener->accept().valid());
    }

    TEST_CASE("a peer that comes later is found") {
        Bench bench(Milliseconds(1));
        for (int turn = 0; turn < 20; ++turn) {
            bench.loop.run_ready();
        }
        CHECK(bench.clients.empty());
        const auto listener = UnixListener::listen(bench.path);

        bench.run_until(1);

        CHECK(bench.clients.size() == 1);
    }

    TEST_CASE("when the peer has gone another connection is made") {
        Bench bench(Milliseconds(1));
        const auto listener = UnixListener::listen(bench.path);
        bench.run_until(1);
        REQUIRE(listener->accept().valid());

        bench.endpoint.on_client_gone();
        bench.run_until(2);

        CHECK(bench.clients.size() == 2);
    }

    TEST_CASE("once stopped nothing is tried again") {
        Bench bench(Milliseconds(1));
        bench.loop.run_ready();

        bench.endpoint.stop();
        const auto listener = UnixListener::listen(bench.path);
        bench.endpoint.on_client_gone();
        bench.run_until(1, Milliseconds(20));

        CHECK(bench.clients.empty());
    }

    TEST_CASE("a single client is served once, when the loop runs") {
        EventLoop loop;
        int served = 0;
        SingleEndpoint endpoint(ByteChannel::of_files(Fd(), Fd()));
        REQUIRE(endpoint
                    .start(loop,
                           [&](const ByteChannel&) -> Result<> {
                               ++served;
                               return {};
                           })
                    .has_value());
        CHECK(served == 0);

        loop.run_ready();
        endpoint.on_client_gone();
        loop.run_ready();

        CHECK(served == 1);
    }
}
