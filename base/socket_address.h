// SPDX-License-Identifier: Apache-2.0
// SocketAddress: where a stream socket listens or connects to, of the families unix and IP.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "base/result.h"

namespace siskin {

// The longest path a socket address holds, without its NUL (unix(7)).
inline constexpr std::size_t kUnixPathMax = 107;

// A value.
class SocketAddress {
public:
    // Errors: the path is empty, holds a NUL, or is longer than kUnixPathMax.
    [[nodiscard]] static Result<SocketAddress> unix_path(const std::string& path);
    // Of a socket's own end. Of family AF_UNSPEC where the descriptor is no socket.
    [[nodiscard]] static SocketAddress local_of(int socket);
    // Of the other end of a connected socket, likewise.
    [[nodiscard]] static SocketAddress peer_of(int socket);

    [[nodiscard]] int family() const { return storage_.ss_family; }
    [[nodiscard]] const sockaddr* generic() const {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t size() const { return size_; }
    // "/run/x", "127.0.0.1:4444", "[::1]:4444"; empty for another family.
    [[nodiscard]] std::string text() const;
    // Reached from this host alone: 127.0.0.0/8, ::1, and every Unix socket.
    [[nodiscard]] bool is_local() const;

private:
    friend Result<std::vector<SocketAddress>> resolve_tcp(const std::string&, std::uint16_t, bool,
                                                          bool);

    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

// Whether the text is an IP address in numbers, not a name.
[[nodiscard]] bool is_ip_number(const std::string& text);

// What a name or a number in a text stands for; IPv4 first. Asks the system's resolver, so it may
// block: for start-up only. An empty host is localhost. Errors: no family is allowed; "address
// resolution failed for HOST:PORT: <reason>".
[[nodiscard]] Result<std::vector<SocketAddress>> resolve_tcp(const std::string& host,
                                                             std::uint16_t port, bool ipv4,
                                                             bool ipv6);

}  // namespace siskin
