// SPDX-License-Identifier: Apache-2.0
// Proves qmp/pty_endpoint: whoever opens the terminal is a client, one after the other.
#include "qmp/pty_endpoint.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>

using siskin::ByteChannel;
using siskin::EventLoop;
using siskin::Fd;
using siskin::PseudoTerminal;
using siskin::Result;
using siskin::qmp::PtyEndpoint;

namespace {

struct Bench {
    Bench() {
        auto terminal = PseudoTerminal::open();
        path = terminal->path;
        endpoint = std::move(*PtyEndpoint::create(std::move(*terminal)));
        const auto started = endpoint->start(loop, [this](ByteChannel client) -> Result<> {
            clients.push_back(std::move(client));
            return {};
        });
        SISKIN_ASSERT(started.has_value());
    }
    void turn() {
        for (int turns = 0; turns < 5; ++turns) {
            loop.run_ready();
        }
    }
    [[nodiscard]] Fd open() const {
        return Fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    }

    EventLoop loop;
    std::string path;
    std::vector<ByteChannel> clients;
    std::unique_ptr<PtyEndpoint> endpoint;
};

}  // namespace

TEST_SUITE("qmp/pty_endpoint") {
    TEST_CASE("there is no client until somebody opens the terminal") {
        Bench bench;
        bench.turn();
        CHECK(bench.clients.empty());

        const Fd slave = bench.open();
        bench.turn();

        CHECK(bench.clients.size() == 1);
    }

    TEST_CASE("a second opening joins the first; after the last closing there is a new client") {
        Bench bench;
        Fd first = bench.open();
        Fd second = bench.open();
        bench.turn();
        CHECK(bench.clients.size() == 1);
        first.reset();
        second.reset();
        std::string bytes;
        std::vector<Fd> descriptors;
        CHECK(bench.clients[0].receive(1, bytes, descriptors) == ByteChannel::Outcome::Broken);

        bench.clients[0].close();
        bench.endpoint->on_client_gone();
        bench.turn();
        CHECK(bench.clients.size() == 1);
        const Fd third = bench.open();
        bench.turn();

        CHECK(bench.clients.size() == 2);
    }

    TEST_CASE("who opened the terminal before the last client was seen to go is served, too") {
        Bench bench;
        Fd first = bench.open();
        bench.turn();
        first.reset();
        const Fd second = bench.open();
        bench.turn();
        CHECK(bench.clients.size() == 1);

        bench.endpoint->on_client_gone();
        bench.turn();

        CHECK(bench.clients.size() == 2);
    }

    TEST_CASE("what one client did not read is not for the next") {
        Bench bench;
        Fd first = bench.open();
        bench.turn();
        std::size_t sent = 0;
        CHECK(bench.clients[0].send("secret", sent) == ByteChannel::Outcome::Moved);

        first.reset();
        bench.endpoint->on_client_gone();
        bench.turn();
        const Fd second = bench.open();
        bench.turn();

        ByteChannel reader = ByteChannel::of_files(*second.duplicate(), Fd());
        std::string bytes;
        std::vector<Fd> descriptors;
        CHECK(reader.receive(10, bytes, descriptors) == ByteChannel::Outcome::Blocked);
    }

    TEST_CASE("once stopped nobody is served") {
        Bench bench;
        bench.endpoint->stop();

        const Fd slave = bench.open();
        bench.endpoint->on_client_gone();
        bench.turn();

        CHECK(bench.clients.empty());
    }
}
