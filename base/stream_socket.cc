// SPDX-License-Identifier: Apache-2.0
// Listening and connecting.
#include "base/stream_socket.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/text.h"

namespace siskin {
namespace {

constexpr int kBacklog = 1;

Fd new_socket(int family) {
    return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool set_option(int socket, int level, int option, int value) {
    return ::setsockopt(socket, level, option, &value, sizeof(value)) == 0;
}

bool set_flag(int socket, int level, int option) {
    return set_option(socket, level, option, 1);
}

tl::unexpected<Error> no_connection(const SocketAddress& address, int error_number) {
    return fail_errno(
        concat("Failed to connect to '", printable(address.text(), kUnixPathMax), "'"),
        error_number);
}

Result<Fd> listen_at(const SocketAddress& address) {
    Fd socket = new_socket(address.family());
    // A port in TIME_WAIT may be used again; one that somebody listens on may not (ip(7)). An IPv6
    // socket is for IPv6 alone, so that what was asked for is all that listens (ipv6(7)).
    const bool ready =
        socket.valid() && set_flag(socket.get(), SOL_SOCKET, SO_REUSEADDR) &&
        (address.family() != AF_INET6 || set_flag(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY)) &&
        ::bind(socket.get(), address.generic(), address.size()) == 0 &&
        ::listen(socket.get(), kBacklog) == 0;
    if (!ready) {
        return fail_errno(concat("Failed to listen on ", address.text()), errno);
    }
    return socket;
}

Result<> wait_for_connect(int socket, const SocketAddress& address, int interrupt_fd) {
    // poll(2) passes over a negative descriptor.
    std::array<pollfd, 2> waits{{{socket, POLLOUT, 0}, {interrupt_fd, POLLIN, 0}}};
    const int limit_ms = interrupt_fd < 0 ? static_cast<int>(kConnectPatience.count()) : -1;
    int ready = 0;
    while ((ready = ::poll(waits.data(), waits.size(), limit_ms)) < 0 && errno == EINTR) {
    }
    if (ready == 0) {
        return no_connection(address, ETIMEDOUT);
    }
    if ((waits[1].revents & POLLIN) != 0) {
        return fail("interrupted by a signal while connecting");
    }
    return {};
}

}  // namespace

bool is_client_gone(int error_number) {
    return error_number == EINTR || error_number == ECONNABORTED || error_number == EPROTO;
}

void set_no_delay(int socket) {
    // A Unix socket refuses, and needs it not.
    static_cast<void>(set_flag(socket, IPPROTO_TCP, TCP_NODELAY));
}

void ask_if_there(int socket) {
    if (set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle_s) &&
        set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAlivePause_s) &&
        set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveAsked)) {
        static_cast<void>(set_flag(socket, SOL_SOCKET, SO_KEEPALIVE));
    }
}

Result<Fd> listen_tcp(const std::vector<SocketAddress>& addresses) {
    Result<Fd> socket = fail("no address to listen on");
    for (const SocketAddress& address : addresses) {
        socket = listen_at(address);
        if (socket) {
            break;
        }
    }
    return socket;
}

Result<Fd> start_connect(const SocketAddress& address) {
    Fd socket = new_socket(address.family());
    // A Unix connect ends at once; a full backlog of the server says EAGAIN (connect(2)).
    if (!socket.valid() ||
        (::connect(socket.get(), address.generic(), address.size()) != 0 && errno != EINPROGRESS)) {
        return no_connection(address, errno);
    }
    set_no_delay(socket.get());
    return socket;
}

Result<> connect_result(int socket, const SocketAddress& address) {
    int error_number = 0;
    socklen_t size = sizeof(error_number);
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) {
        error_number = errno;
    }
    if (error_number != 0) {
        return no_connection(address, error_number);
    }
    return {};
}

Result<Fd> connect_stream(const std::vector<SocketAddress>& addresses, int interrupt_fd) {
    Result<Fd> socket = fail("no address to connect to");
    for (const SocketAddress& address : addresses) {
        socket = start_connect(address);
        if (!socket) {
            continue;
        }
        SISKIN_TRY(wait_for_connect(socket->get(), address, interrupt_fd));
        const auto connected = connect_result(socket->get(), address);
        if (connected) {
            break;
        }
        socket = fail(connected.error());
    }
    return socket;
}

Result<Fd> adopt_connected(Fd socket) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int number = socket.get();
    const int flags = ::fcntl(number, F_GETFL);
    if (flags < 0 || ::getpeername(number, reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
        ::fcntl(number, F_SETFD, FD_CLOEXEC) != 0 ||
        ::fcntl(number, F_SETFL, flags | O_NONBLOCK) != 0) {
        return fail_errno(concat("file descriptor ", number), errno);
    }
    return socket;
}

}  // namespace siskin
