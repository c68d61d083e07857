// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/socket over TCP: both ends, connecting again, and passed sockets.
#include "devices/chardev/socket.h"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stream_socket.h"
#include "base/telnet.h"
#include "base/text.h"
#include "tests/harness/no_descriptor_left.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::Chardev;
using siskin::ChardevConfig;
using siskin::concat;
using siskin::connect_stream;
using siskin::connect_unix;
using siskin::Fd;
using siskin::kTelnetOpening;
using siskin::listen_tcp;
using siskin::OutputRing;
using siskin::parse_chardev_short;
using siskin::resolve_tcp;
using siskin::SocketAddress;
using siskin::UnixListener;
using namespace std::string_view_literals;
using siskin::test::bytes_of;
using siskin::test::ChardevBench;
using siskin::test::NoDescriptorLeft;
using siskin::test::read_some;
using siskin::test::RecordingFrontEnd;
using siskin::test::turn_until;

namespace {

std::string port_of(int socket) {
    const std::string text = SocketAddress::local_of(socket).text();
    return text.substr(text.rfind(':') + 1);
}

// The port in "disconnected:tcp:127.0.0.1:4444,server=on".
std::uint16_t port_in(const std::string& filename) {
    const std::string start = filename.substr(0, filename.find(",server"));
    return static_cast<std::uint16_t>(
        siskin::parse_unsigned(start.substr(start.rfind(':') + 1)).value_or(0));
}

struct TcpBench : ChardevBench {
    Chardev& make_socket(std::string_view text) {
        auto made = make(*parse_chardev_short(text, concat("s", registry.all().size())));
        REQUIRE(made.has_value());
        REQUIRE((*made)->attach(front_end).has_value());
        return **made;
    }
    RecordingFrontEnd front_end{1000};
};

}  // namespace

TEST_SUITE("devices/chardev/socket over TCP") {
    TEST_CASE("a server on a port of its own choice is named with it, and with its client") {
        TcpBench bench;
        Chardev& chardev = bench.make_socket("tcp:127.0.0.1:0,server=on,wait=off");
        const std::uint16_t port = port_in(chardev.filename());
        CHECK(chardev.filename() == concat("disconnected:tcp:127.0.0.1:", port, ",server=on"));

        const auto client = connect_stream(*resolve_tcp("127.0.0.1", port, true, true), -1);
        REQUIRE(client.has_value());
        REQUIRE(::send(client->get(), "in", 2, 0) == 2);
        chardev.write(bytes_of("out"));
        turn_until(bench.loop, [&] { return bench.front_end.text() == "in"; });

        CHECK(bench.front_end.text() == "in");
        CHECK(read_some(client->get()) == "out");
        CHECK(chardev.filename() ==
              concat("tcp:127.0.0.1:", port, ",server=on <-> 127.0.0.1:", port_of(client->get())));
    }

    TEST_CASE("a client back end connects before it is made, or is an error") {
        TcpBench bench;
        const auto listener = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
        REQUIRE(listener.has_value());
        const std::string place = concat("tcp:127.0.0.1:", port_of(listener->get()));

        Chardev& chardev = bench.make_socket(place);
        const auto refused = bench.make(*parse_chardev_short("tcp:127.0.0.1:1", "r"));

        CHECK(chardev.filename().starts_with("tcp:127.0.0.1:"));
        CHECK(chardev.filename().ends_with(concat(" <-> ", place.substr(4))));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "Failed to connect to '127.0.0.1:1': Connection refused");
    }

    TEST_CASE("with reconnect the peer may come later, and go, and the output waits for it") {
        TcpBench bench;
        const std::string path = bench.folder.path("s");
        ChardevConfig config = *parse_chardev_short(concat("unix:", path, ",reconnect=1"), "s");
        const auto made = bench.make(config);
        REQUIRE(made.has_value());
        REQUIRE((*made)->attach(bench.front_end).has_value());
        (*made)->write(bytes_of("kept"));
        bench.loop.run_ready();
        CHECK((*made)->filename() == concat("disconnected:unix:", path));

        const auto listener = UnixListener::listen(path);
        REQUIRE(listener.has_value());
        Fd peer;
        const auto has_peer = [&] { return (peer = listener->accept()).valid(); };
        turn_until(bench.loop, has_peer);
        std::string text;
        turn_until(bench.loop, [&] { return (text += read_some(peer.get())) == "kept"; });
        CHECK(text == "kept");
        CHECK((*made)->filename() == concat("unix:", path));
        peer.reset();
        turn_until(bench.loop, has_peer);

        CHECK(peer.valid());
    }

    TEST_CASE("a descriptor that is no socket of the right kind is closed with the error") {
        ChardevBench bench;
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        const Fd kept(ends[0]);
        ChardevConfig config = *parse_chardev_short("unix:fd=0,server=on,wait=off", "s");
        config.fd = static_cast<std::uint32_t>(ends[1]);

        const auto refused = bench.make(config);

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message.find("is not a listening socket") != std::string::npos);
        CHECK(::fcntl(ends[1], F_GETFD) == -1);
    }

    TEST_CASE("without a descriptor for a client accepting rests, and goes on later (Q07)") {
        TcpBench bench;
        Chardev& chardev = bench.make_socket("tcp:127.0.0.1:0,server=on,wait=off");
        const auto client =
            connect_stream(*resolve_tcp("127.0.0.1", port_in(chardev.filename()), true, true), -1);
        REQUIRE(client.has_value());
        {
            const NoDescriptorLeft shortage;
            bench.loop.run_ready();
            CHECK(chardev.filename().starts_with("disconnected:"));
        }
        bench.loop.run_ready();
        CHECK(chardev.filename().starts_with("disconnected:"));

        turn_until(bench.loop, [&] { return chardev.filename().starts_with("tcp:"); });

        CHECK(chardev.filename().starts_with("tcp:"));
    }

    TEST_CASE("with telnet a server opens it, takes commands out, and sends 255 twice") {
        TcpBench bench;
        Chardev& chardev = bench.make_socket("telnet:127.0.0.1:0,server=on,wait=off");
        const std::uint16_t port = port_in(chardev.filename());
        CHECK(chardev.filename() == concat("disconnected:telnet:127.0.0.1:", port, ",server=on"));
        const auto client = connect_stream(*resolve_tcp("127.0.0.1", port, true, true), -1);
        REQUIRE(client.has_value());
        const auto typed = "\xff\xfd\x01l\xff\xffs\r\0"sv;
        REQUIRE(::send(client->get(), typed.data(), typed.size(), 0) ==
                static_cast<ssize_t>(typed.size()));
        chardev.write(bytes_of("o\xffk"));
        std::string seen;
        turn_until(bench.loop, [&] { return (seen += read_some(client->get())).ends_with("k"); });
        turn_until(bench.loop, [&] { return bench.front_end.text().ends_with("\r"); });

        CHECK(seen == "\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00o\xff\xffk"sv);
        CHECK(bench.front_end.text() == "l\xffs\r");
    }

    TEST_CASE("each client of telnet is greeted anew, and no half of an escape is left for it") {
        std::signal(SIGPIPE, SIG_IGN);  // as main does
        TcpBench bench;
        const std::string path = bench.folder.path("s");
        Chardev& chardev =
            bench.make_socket(concat("unix:", path, ",server=on,wait=off,telnet=on"));
        // More than a socket's buffer takes, so that the first client gets a part of it.
        const std::size_t size = OutputRing::kCapacity;
        chardev.write(std::vector<std::uint8_t>(size, 0xff));
        auto first = connect_unix(path);
        REQUIRE(first.has_value());
        bench.loop.run_ready();
        std::array<char, 13> begin{};
        REQUIRE(::read(first->get(), begin.data(), begin.size()) == 13);
        first->reset();
        bench.loop.run_ready();

        const auto second = connect_unix(path);
        REQUIRE(second.has_value());
        std::string seen;
        turn_until(bench.loop, [&] {
            const std::string piece = read_some(second->get());
            seen += piece;
            return piece.empty() && seen.size() > kTelnetOpening.size();
        });

        REQUIRE(seen.starts_with(kTelnetOpening));
        const std::string rest = seen.substr(kTelnetOpening.size());
        CHECK(rest.size() % 2 == 0);
        CHECK(rest.find_first_not_of('\xff') == std::string::npos);
    }

    TEST_CASE("a client of telnet says nothing of its own") {
        TcpBench bench;
        const auto listener = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
        REQUIRE(listener.has_value());
        Chardev& chardev = bench.make_socket(concat("telnet:127.0.0.1:", port_of(listener->get())));
        chardev.write(bytes_of("x"));
        bench.loop.run_ready();

        const Fd peer(::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        CHECK(read_some(peer.get()) == "x");
        CHECK(chardev.filename().starts_with("telnet:127.0.0.1:"));
    }
}
