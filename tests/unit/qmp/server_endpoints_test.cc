// SPDX-License-Identifier: Apache-2.0
// Proves qmp/server over each kind of endpoint, with real sockets, terminals and threads.
#include "qmp/server.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stream_socket.h"
#include "base/unix_socket.h"
#include "tests/harness/pass_descriptors.h"
#include "tests/qmp/client.h"
#include "tests/qmp/served_machine.h"

using siskin::ByteChannel;
using siskin::connect_stream;
using siskin::Fd;
using siskin::listen_tcp;
using siskin::PseudoTerminal;
using siskin::resolve_tcp;
using siskin::SocketAddress;
using siskin::UnixListener;
using siskin::qmp::Conversation;
using siskin::qmp::EndpointOptions;
using siskin::qmp::kClientsPerEndpointMax;
using siskin::qmp::Outlet;
using siskin::qmp::Reply;
using siskin::qmp_test::Client;
using siskin::qmp_test::ServedMachine;

namespace {

SocketAddress listen_tcp_too(ServedMachine& served) {
    Fd socket = std::move(*listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true)));
    const auto address = SocketAddress::local_of(socket.get());
    SISKIN_ASSERT(served.server().listen_on(std::move(socket)).has_value());
    return address;
}

Fd accept_from(const UnixListener& listener) {
    pollfd wait{listener.get(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(Client::kPatience.count()));
    return listener.accept();
}

std::string line_from(const Fd& file) {
    std::string line;
    char character = 0;
    while (!line.ends_with('\n') && ::read(file.get(), &character, 1) == 1) {
        line += character;
    }
    return line;
}

// Sends bytes with one descriptor.
void pass(const Fd& socket, const Fd& file, std::string bytes) {
    REQUIRE(siskin::test::pass_descriptors(socket, file, std::move(bytes)));
}

// Sends back what comes, and events; ends with "bye".
class Echo final : public Conversation {
public:
    void receive_descriptors(std::vector<Fd>) override {}
    std::size_t receive(std::string_view bytes) override {
        output_ += bytes;
        over_ = bytes.starts_with("bye");
        return bytes.size();
    }
    [[nodiscard]] bool may_receive() const override { return true; }
    [[nodiscard]] bool is_over() const override { return over_; }
    void reply(const Reply&) override {}
    [[nodiscard]] bool send_event(std::string_view line) override {
        output_ += line;
        return true;
    }
    [[nodiscard]] std::string_view output() const override { return output_; }
    void sent(std::size_t count) override { output_.erase(0, count); }
    [[nodiscard]] std::size_t in_flight() const override { return 0; }

private:
    std::string output_;
    bool over_ = false;
};

constexpr std::string_view kQueryName = "{\"execute\":\"query-name\"}";
constexpr ssize_t kNegotiateSize = 30;
constexpr std::string_view kNegotiate = "{\"execute\":\"qmp_capabilities\"}";

}  // namespace

TEST_SUITE("qmp/server over endpoints") {
    TEST_CASE("an HTTP request over TCP is closed without an answer and executes nothing (Q13)") {
        ServedMachine served;
        const SocketAddress address = listen_tcp_too(served);
        served.start();
        Client web(*connect_stream({address}, -1));
        CHECK(web.receive().starts_with("{\"QMP\""));

        web.send(
            "POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"
            "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"cont\"}");

        CHECK(web.receive() == "<eof>");
        Client client(*connect_stream({address}, -1));
        client.negotiate();
        CHECK(client.ask("{\"execute\":\"query-status\"}").find("prelaunch") != std::string::npos);
    }

    TEST_CASE("sixteen clients of one listener are served, while one of them never reads") {
        ServedMachine served;
        const std::string path = served.folder() + "/many";
        EndpointOptions options;
        options.clients_max = kClientsPerEndpointMax;
        REQUIRE(served.server().listen_unix(path, options).has_value());
        served.start();
        std::vector<std::unique_ptr<Client>> clients;
        for (std::size_t number = 0; number < kClientsPerEndpointMax; ++number) {
            clients.push_back(std::make_unique<Client>(path));
            clients.back()->negotiate();
        }
        std::string flood;
        for (int number = 0; number < 100; ++number) {
            flood += "{\"execute\":\"query-qmp-schema\"}";
        }
        clients[0]->send(flood);

        std::size_t answered = 0;
        for (std::size_t number = 1; number < clients.size(); ++number) {
            answered += clients[number]->ask(kQueryName) == "{\"return\": {}}" ? 1 : 0;
        }
        CHECK(answered == kClientsPerEndpointMax - 1);
        Client waiting(path);
        CHECK(waiting.receive(Client::kSilence) == "<silence>");
        clients.pop_back();
        CHECK(waiting.receive().starts_with("{\"QMP\""));
    }

    TEST_CASE("a server that connects finds its peer when it comes, and again when it comes back") {
        ServedMachine served;
        const std::string path = served.folder() + "/later";
        REQUIRE(served.server()
                    .keep_connected({*SocketAddress::unix_path(path)}, std::chrono::milliseconds(5))
                    .has_value());
        served.start();
        const auto peer = UnixListener::listen(path);

        for (int round = 0; round < 2; ++round) {
            Client client(accept_from(*peer));
            client.negotiate();
            CHECK(client.ask(kQueryName) == "{\"return\": {}}");
        }
    }

    TEST_CASE("over two files whoever has ended its input still gets replies and events (Q06)") {
        ServedMachine served;
        std::array<int, 2> input{};
        REQUIRE(::pipe2(input.data(), O_CLOEXEC) == 0);
        std::array<int, 2> output{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output.data()) == 0);
        REQUIRE(served.server()
                    .serve_once(ByteChannel::of_files(Fd(input[0]), Fd(output[0])))
                    .has_value());
        served.start();
        Fd writer(input[1]);
        Client reader((Fd(output[1])));
        const std::string_view script =
            "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-name\"}";
        REQUIRE(::write(writer.get(), script.data(), script.size()) ==
                static_cast<ssize_t>(script.size()));
        writer.reset();

        CHECK(reader.receive().starts_with("{\"QMP\""));
        CHECK(reader.receive() == "{\"return\": {}}");
        CHECK(reader.receive() == "{\"return\": {}}");
        Client other(served.path());
        other.negotiate();
        other.send("{\"execute\":\"cont\"}");
        CHECK(reader.receive().find("\"event\": \"RESUME\"") != std::string::npos);
        served.end();
        CHECK(reader.receive() == "<eof>");
    }

    TEST_CASE("a script in a file is read like a pipe, though epoll cannot watch it") {
        ServedMachine served;
        const std::string path = served.folder() + "/script";
        std::ofstream(path) << "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-name\"}";
        std::array<int, 2> output{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output.data()) == 0);
        REQUIRE(served.server()
                    .serve_once(ByteChannel::of_files(
                        Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), Fd(output[0])))
                    .has_value());
        served.start();
        Client reader((Fd(output[1])));

        CHECK(reader.receive().starts_with("{\"QMP\""));
        CHECK(reader.receive() == "{\"return\": {}}");
        CHECK(reader.receive() == "{\"return\": {}}");
        served.end();
        CHECK(reader.receive() == "<eof>");
    }

    TEST_CASE("a client of a terminal is greeted when it opens it") {
        ServedMachine served;
        auto terminal = PseudoTerminal::open();
        const std::string path = terminal->path;
        REQUIRE(served.server().serve_terminal(std::move(*terminal)).has_value());
        served.start();

        const Fd slave(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        CHECK(line_from(slave).starts_with("{\"QMP\""));
        CHECK(::write(slave.get(), kNegotiate.data(), kNegotiate.size()) == kNegotiateSize);
        CHECK(line_from(slave) == "{\"return\": {}}\r\n");
    }

    TEST_CASE("descriptors that a client passes are its monitor's") {
        ServedMachine served;
        const std::string other = served.folder() + "/other";
        served.listen(other);
        served.start();
        Client client(served.path());
        client.negotiate();
        const Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));

        pass(client.socket(), file, "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"a\"}}");
        CHECK(client.receive() == "{\"return\": {}}");
        pass(client.socket(), file, " ");
        pass(client.socket(), file, " ");
        CHECK(client.ask(kQueryName) == "{\"return\": {}}");
        CHECK(client.ask("{\"execute\":\"add-fd\"}").find("\"fdset-id\": 0") != std::string::npos);
        CHECK(client.ask("{\"execute\":\"add-fd\"}").find("No file descriptor supplied") !=
              std::string::npos);
        Client stranger(other);
        stranger.negotiate();
        const std::string closing = "{\"execute\":\"closefd\",\"arguments\":{\"fdname\":\"a\"}}";
        CHECK(stranger.ask(closing).find("File descriptor named 'a' not found") !=
              std::string::npos);
        CHECK(stranger.ask("{\"execute\":\"query-fdsets\"}").find("\"fds\": [{") !=
              std::string::npos);
        CHECK(client.ask(closing) == "{\"return\": {}}");
    }

    TEST_CASE("an endpoint may speak something else with its clients") {
        ServedMachine served;
        const std::string path = served.folder() + "/echo";
        EndpointOptions options;
        options.conversation = [](const Outlet&, bool) { return std::make_unique<Echo>(); };
        REQUIRE(served.server().listen_unix(path, options).has_value());
        served.start();
        Client client(path);
        Client manager(served.path());
        manager.negotiate();

        CHECK(client.ask("hello\r\n") == "hello");
        manager.send("{\"execute\":\"cont\"}");
        CHECK(client.receive().find("RESUME") != std::string::npos);
        client.send("bye\r\n");
        CHECK(client.receive() == "bye");
        CHECK(client.receive() == "<eof>");
    }
}
