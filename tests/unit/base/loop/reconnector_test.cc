// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/reconnector; qmp/connecting_endpoint's test has the order of addresses.
#include "base/loop/reconnector.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "base/unix_socket.h"

using siskin::EventLoop;
using siskin::fail;
using siskin::Fd;
using siskin::Reconnector;
using siskin::Result;
using siskin::SocketAddress;
using siskin::UnixListener;

namespace {

struct Bench {
    ~Bench() { std::filesystem::remove(path); }
    void turn_until(std::size_t uses) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (used.size() < uses && std::chrono::steady_clock::now() < end) {
            loop.run_ready();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    std::string path = "/tmp/siskin-reconnector-" + std::to_string(::getpid());
    EventLoop loop;
    std::vector<Fd> used;
    bool refuses = false;
    Reconnector reconnector{loop,
                            {*SocketAddress::unix_path(path)},
                            std::chrono::milliseconds(2),
                            "a test",
                            [this](Fd socket) -> Result<> {
                                used.push_back(std::move(socket));
                                return refuses ? Result<>(fail("not wanted")) : Result<>();
                            }};
};

}  // namespace

TEST_SUITE("base/loop/reconnector") {
    TEST_CASE("a peer that comes later is found, and found again when it was lost") {
        Bench bench;
        bench.reconnector.start();
        bench.loop.run_ready();
        CHECK(bench.used.empty());

        const auto listener = UnixListener::listen(bench.path);
        REQUIRE(listener.has_value());
        bench.turn_until(1);
        CHECK(listener->accept().valid());
        bench.reconnector.lost();
        bench.turn_until(2);

        CHECK(bench.used.size() == 2);
        CHECK(listener->accept().valid());
    }

    TEST_CASE("a connection that cannot be used is tried again") {
        Bench bench;
        bench.refuses = true;
        const auto listener = UnixListener::listen(bench.path);
        REQUIRE(listener.has_value());
        listener->set_backlog(8);
        bench.reconnector.start();

        bench.turn_until(2);

        CHECK(bench.used.size() == 2);
    }
}
