// SPDX-License-Identifier: Apache-2.0
// Proves qmp/connection on a socket pair.
#include "qmp/connection.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stream_socket.h"
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

// The server's half is first.
std::array<Fd, 2> tcp_pair() {
    const auto listener = siskin::listen_tcp(*siskin::resolve_tcp("127.0.0.1", 0, true, true));
    auto client = siskin::connect_stream({siskin::SocketAddress::local_of(listener->get())}, -1);
    Fd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    return {std::move(server), std::move(*client)};
}

void set_option(int socket, int level, int option, int value) {
    REQUIRE(::setsockopt(socket, level, option, &value, sizeof(value)) == 0);
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
    // True as soon as `condition` is; false when that does not come in time.
    bool turn_until(const std::function<bool()>& condition,
                    std::chrono::seconds limit = std::chrono::seconds(10)) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            loop.run_ready();
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
        return condition();
    }
    void ask(int requests) {
        negotiate();
        for (int number = 0; number < requests; ++number) {
            client.send("{\"execute\":\"query-name\"}");
        }
        REQUIRE(turn_until([&] { return waiting.size() == static_cast<std::size_t>(requests); }));
    }
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

    TEST_CASE("over TCP one that ends its half, or closes, still has its replies written (Q06)") {
        for (const int requests : {1, 8}) {
            CAPTURE(requests);
            Bench bench(tcp_pair());
            bench.ask(requests);
            REQUIRE(::shutdown(bench.client.socket().get(), SHUT_WR) == 0);
            bench.turn();
            bench.turn();
            CHECK(bench.gone == 0);

            while (!bench.waiting.empty()) {
                bench.reply("{}");
            }

            CHECK(bench.gone == 0);
            CHECK(bench.turn_until([&] { return bench.finished; }));
            CHECK(bench.client.receive() == "{\"return\": {}}");
        }
    }

    TEST_CASE("over TCP a client that resets is gone at once, read or not") {
        for (const int requests : {1, 8}) {
            CAPTURE(requests);
            Bench bench(tcp_pair());
            bench.ask(requests);
            const linger reset{1, 0};
            REQUIRE(::setsockopt(bench.client.socket().get(), SOL_SOCKET, SO_LINGER, &reset,
                                 sizeof(reset)) == 0);

            bench.client = Client(Fd());

            CHECK(bench.turn_until([&] { return bench.gone == 1; }));
        }
    }

    TEST_CASE("over TCP a client that closes is gone with the first reply it refuses") {
        Bench bench(tcp_pair());
        bench.ask(2);
        bench.client = Client(Fd());
        bench.turn();
        bench.turn();
        CHECK(bench.gone == 0);

        bench.reply("{}");

        CHECK(bench.turn_until([&] { return bench.gone == 1; }));
    }

    TEST_CASE("over TCP a client that closes is gone when it is asked; half a client is not") {
        for (const bool closes : {true, false}) {
            CAPTURE(closes);
            auto pair = tcp_pair();
            const int server = pair[0].get();
            set_option(server, IPPROTO_TCP, TCP_KEEPIDLE, 1);
            set_option(server, IPPROTO_TCP, TCP_KEEPINTVL, 1);
            set_option(server, SOL_SOCKET, SO_KEEPALIVE, 1);
            // How long the client's kernel answers for one that is closed; else a minute.
            set_option(pair[1].get(), IPPROTO_TCP, TCP_LINGER2, 1);
            Bench bench(std::move(pair));
            bench.ask(1);

            if (closes) {
                bench.client = Client(Fd());
            } else {
                REQUIRE(::shutdown(bench.client.socket().get(), SHUT_WR) == 0);
            }

            const std::chrono::seconds patience(closes ? 10 : 4);
            CHECK(bench.turn_until([&] { return bench.gone != 0; }, patience) == closes);
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

    TEST_CASE("over files the end of the input ends nothing, that of the output does (Q06)") {
        ::signal(SIGPIPE, SIG_IGN);  // as siskin does
        EventLoop loop;
        std::array<int, 2> input{};
        std::array<int, 2> output{};
        REQUIRE(::pipe2(input.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        REQUIRE(::pipe2(output.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        Fd writer(input[1]);
        Fd reader(output[0]);
        bool finished = false;
        const auto connection = Connection::create(
            ByteChannel::of_files(Fd(input[0]), Fd(output[1])), loop,
            std::make_unique<Session>(version_info("test"), command_table(), Session::Outlet{}),
            [&finished] { finished = true; });
        (*connection)->start();
        const std::string_view script = "{\"execute\":\"qmp_capabilities\"}";
        REQUIRE(::write(writer.get(), script.data(), script.size()) ==
                static_cast<ssize_t>(script.size()));

        writer.reset();
        loop.run_ready();
        loop.run_ready();
        CHECK_FALSE(finished);
        (*connection)->send_event("event\r\n");
        CHECK_FALSE(finished);
        std::array<char, 4096> read{};
        const ssize_t count = ::read(reader.get(), read.data(), read.size());
        REQUIRE(count > 0);
        CHECK(std::string_view(read.data(), static_cast<std::size_t>(count))
                  .ends_with("}\r\nevent\r\n"));

        reader.reset();
        (*connection)->send_event("event\r\n");
        CHECK(finished);
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
