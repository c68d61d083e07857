// SPDX-License-Identifier: Apache-2.0
// Proves base/stream_socket over loopback addresses; the kernel chooses the ports.
#include "base/stream_socket.h"

#include <doctest/doctest.h>

#include <array>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

using siskin::adopt_connected;
using siskin::ask_if_there;
using siskin::connect_result;
using siskin::connect_stream;
using siskin::EventFd;
using siskin::Fd;
using siskin::kKeepAliveAsked;
using siskin::kKeepAliveIdle_s;
using siskin::kKeepAlivePause_s;
using siskin::listen_tcp;
using siskin::resolve_tcp;
using siskin::SocketAddress;
using siskin::start_connect;

namespace {

// Nobody listens on what this was bound to.
SocketAddress dead_address() {
    const auto socket = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
    return SocketAddress::local_of(socket->get());
}

}  // namespace

TEST_SUITE("base/stream_socket") {
    TEST_CASE("a listener is connected to, over IPv4 and IPv6") {
        for (const char* const host : {"127.0.0.1", "::1"}) {
            const auto listener = listen_tcp(*resolve_tcp(host, 0, true, true));
            REQUIRE(listener.has_value());
            const auto address = SocketAddress::local_of(listener->get());

            const auto socket = connect_stream({address}, -1);

            CHECK(socket.has_value());
        }
    }

    TEST_CASE("a port that somebody listens on is not shared") {
        const auto first = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
        const auto address = SocketAddress::local_of(first->get());

        const auto second = listen_tcp({address});

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message.starts_with("Failed to listen on 127.0.0.1:"));
    }

    TEST_CASE("connecting without waiting tells later how it ended") {
        const SocketAddress address = dead_address();
        const auto socket = start_connect(address);
        REQUIRE(socket.has_value());
        pollfd wait{socket->get(), POLLOUT, 0};
        REQUIRE(::poll(&wait, 1, 10000) == 1);

        const auto result = connect_result(socket->get(), address);

        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().message ==
              "Failed to connect to '" + address.text() + "': Connection refused");
    }

    TEST_CASE("of several addresses the first that answers is taken") {
        const auto listener = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
        const auto alive = SocketAddress::local_of(listener->get());

        CHECK(connect_stream({dead_address(), alive}, -1).has_value());
        CHECK_FALSE(connect_stream({dead_address(), dead_address()}, -1).has_value());
    }

    TEST_CASE("waiting for a connection can be interrupted") {
        const auto listener = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
        const auto interrupt = EventFd::create();
        interrupt->signal();

        const auto socket =
            connect_stream({SocketAddress::local_of(listener->get())}, interrupt->get());

        CHECK_FALSE(socket.has_value());
    }

    TEST_CASE("a peer over TCP is asked whether it is still there, one of a Unix socket is not") {
        const Fd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const Fd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto option = [](const Fd& socket, int level, int name) {
            int value = -1;
            socklen_t size = sizeof(value);
            static_cast<void>(::getsockopt(socket.get(), level, name, &value, &size));
            return value;
        };

        ask_if_there(tcp.get());
        ask_if_there(local.get());

        CHECK(option(tcp, SOL_SOCKET, SO_KEEPALIVE) == 1);
        CHECK(option(tcp, IPPROTO_TCP, TCP_KEEPIDLE) == kKeepAliveIdle_s);
        CHECK(option(tcp, IPPROTO_TCP, TCP_KEEPINTVL) == kKeepAlivePause_s);
        CHECK(option(tcp, IPPROTO_TCP, TCP_KEEPCNT) == kKeepAliveAsked);
        CHECK(option(local, SOL_SOCKET, SO_KEEPALIVE) == 0);
    }

    TEST_CASE("a connected socket made elsewhere is adopted, an unconnected one is not") {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
        const Fd other(pair[1]);

        CHECK(adopt_connected(Fd(pair[0])).has_value());
        CHECK_FALSE(adopt_connected(Fd(::socket(AF_UNIX, SOCK_STREAM, 0))).has_value());
        CHECK_FALSE(adopt_connected(Fd()).has_value());
    }
}
