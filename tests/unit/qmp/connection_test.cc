// SPDX-License-Identifier: Apache-2.0
// Proves qmp/connection on a socket pair.
#include "qmp/connection.h"

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <string>

#include <sys/socket.h>

#include "qmp/generated/commands.h"
#include "qmp/protocol_handlers.h"
#include "qmp/session.h"
#include "tests/qmp/client.h"

using siskin::ByteChannel;
using siskin::EventLoop;
using siskin::Fd;
using siskin::Result;
using siskin::qmp::command_table;
using siskin::qmp::CommandCall;
using siskin::qmp::Connection;
using siskin::qmp::Reply;
using siskin::qmp::Request;
using siskin::qmp::Session;
using siskin::qmp::version_info;
using siskin::qmp_test::Client;

namespace {

std::array<Fd, 2> socket_pair() {
    std::array<int, 2> numbers{};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, numbers.data());
    return {Fd(numbers[0]), Fd(numbers[1])};
}

// The server's half with requests waiting for the test; the client's half.
struct Bench {
    explicit Bench(std::array<Fd, 2> pair = socket_pair()) : client(std::move(pair[1])) {
        auto session = std::make_unique<Session>(
            version_info("test"), command_table(),
            Session::Outlet{
                [this](Request request) { waiting.push_back(std::move(request)); },
                [](const auto&, const CommandCall&) -> Result<std::string> { return "{}"; }});
        connection = std::move(*Connection::create(
            ByteChannel::of_socket(std::move(pair[0])), loop, std::move(session),
            [this] {
                finished = true;
                connection.reset();
            },
            [this] { ++gone; }));
        connection->start();
    }
    void turn() { loop.run_ready(); }
    void negotiate() {
        client.receive();
        client.send("{\"execute\":\"qmp_capabilities\"}");
        turn();
        client.receive();
    }
    void reply(const std::string& text) {
        const Request request = std::move(waiting.front());
        waiting.pop_front();
        connection->reply(Reply{request.id, text});
    }

    EventLoop loop;
    std::deque<Request> waiting;
    bool finished = false;
    int gone = 0;  // how often it was said that the client has
    std::unique_ptr<Connection> connection;
    Client client;
};

}  // namespace

TEST_SUITE("qmp/connection") {
    TEST_CASE("a client is greeted and answered on its socket") {
        Bench bench;
        CHECK(bench.client.receive().starts_with("{\"QMP\": "));

        bench.client.send("{\"execute\":\"qmp_capabilities\"}");
        bench.turn();

        CHECK(bench.client.receive() == "{\"return\": {}}");
    }

    TEST_CASE("a client that has ended its half still gets its replies, then the end (Q06)") {
        Bench bench;
        bench.negotiate();
        bench.client.send("{\"execute\":\"query-name\"}{\"execute\":\"query-kvm\"}");
        bench.client.end_sending();
        bench.turn();
        bench.turn();

        CHECK_FALSE(bench.finished);
        CHECK(bench.gone == 0);
        bench.reply("1");
        CHECK(bench.client.receive() == "{\"return\": 1}");
        CHECK_FALSE(bench.finished);
        bench.reply("2");
        CHECK(bench.finished);
        CHECK(bench.client.receive() == "{\"return\": 2}");
        CHECK(bench.client.receive() == "<eof>");
    }

    TEST_CASE("a client that is gone ends the connection once its requests are answered") {
        Bench bench;
        bench.negotiate();
        bench.client.send("{\"execute\":\"query-name\"}");
        bench.turn();
        bench.client = Client(Fd());
        bench.turn();
        bench.turn();
        REQUIRE(bench.waiting.size() == 1);
        CHECK_FALSE(bench.finished);
        CHECK(bench.gone == 1);

        bench.reply("{}");

        CHECK(bench.finished);
    }

    TEST_CASE("a client that goes is noticed while nothing more is read of it, too") {
        for (const int requests : {8, 20}) {
            CAPTURE(requests);
            Bench bench;
            bench.negotiate();
            for (int number = 0; number < requests; ++number) {
                bench.client.send("{\"execute\":\"query-name\"}");
            }
            bench.turn();
            bench.turn();
            REQUIRE(bench.waiting.size() == Session::kInFlightMax);
            CHECK(bench.gone == 0);

            bench.client = Client(Fd());
            bench.turn();
            bench.turn();

            CHECK(bench.gone == 1);
            while (!bench.waiting.empty()) {
                bench.reply("{}");
            }
            CHECK(bench.finished);
        }
    }

    TEST_CASE("a ninth request waits in the socket until one is answered") {
        Bench bench;
        bench.negotiate();
        for (int number = 0; number < 20; ++number) {
            bench.client.send("{\"execute\":\"query-name\"}");
        }
        bench.turn();
        bench.turn();
        CHECK(bench.waiting.size() == Session::kInFlightMax);

        for (int number = 0; number < 12; ++number) {
            bench.reply("{}");
            bench.turn();
        }
        CHECK(bench.waiting.size() == Session::kInFlightMax);
        for (int number = 0; number < 8; ++number) {
            bench.reply("{}");
        }
        CHECK(bench.waiting.empty());
        for (int number = 0; number < 20; ++number) {
            CHECK(bench.client.receive() == "{\"return\": {}}");
        }
    }

    TEST_CASE("what a slow client has not read is sent when it reads on") {
        Bench bench;
        bench.negotiate();
        bench.client.send("{\"execute\":\"query-name\"}");
        bench.turn();
        const std::string text = '"' + std::string(3 << 20, 'x') + '"';
        bench.reply(text);

        std::string line = bench.client.receive(std::chrono::milliseconds{0});
        for (int turn = 0; turn < 10000 && line == "<silence>"; ++turn) {
            bench.turn();
            line = bench.client.receive(std::chrono::milliseconds{1});
        }

        CHECK((line == "{\"return\": " + text + '}'));  // too long to be shown
    }

    TEST_CASE("a client that lets events pile up is disconnected") {
        Bench bench;
        bench.negotiate();
        const std::string line(std::size_t{600} << 10U, 'x');

        for (int number = 0; number < 20 && !bench.finished; ++number) {
            bench.connection->send_event(line);
        }

        CHECK(bench.finished);
    }

    TEST_CASE("draining sends what waits and reads no more") {
        Bench bench;
        bench.negotiate();
        bench.client.send("{\"execute\":\"query-name\"}");
        bench.turn();
        bench.reply("{}");
        bench.client.send("{\"execute\":\"query-kvm\"}");

        bench.connection->drain();

        CHECK(bench.finished);
        CHECK(bench.waiting.empty());
        CHECK(bench.client.receive() == "{\"return\": {}}");
        CHECK(bench.client.receive() == "<eof>");
    }
}
