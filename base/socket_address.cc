// SPDX-License-Identifier: Apache-2.0
// Addresses of stream sockets.
#include "base/socket_address.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/text.h"

namespace siskin {
namespace {

static_assert(sizeof(sockaddr_un::sun_path) == kUnixPathMax + 1);

// The storage as the family's own structure: a copy, as the kernel's structures alias nothing.
template <typename Address>
Address as(const sockaddr_storage& storage) {
    Address address{};
    std::memcpy(&address, &storage, sizeof(address));
    return address;
}

}  // namespace

Result<SocketAddress> SocketAddress::unix_path(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        return fail("UNIX socket path is empty or holds a NUL");
    }
    if (path.size() > kUnixPathMax) {
        return fail(concat("UNIX socket path '", printable(path, 256), "' is too long: it has ",
                           path.size(), " bytes, the most is ", kUnixPathMax));
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), &address.sun_path[0]);
    SocketAddress out;
    std::memcpy(&out.storage_, &address, sizeof(address));
    out.size_ = sizeof(address);
    return out;
}

SocketAddress SocketAddress::local_of(int socket) {
    SocketAddress out;
    out.size_ = sizeof(out.storage_);
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&out.storage_), &out.size_) != 0) {
        return {};
    }
    return out;
}

SocketAddress SocketAddress::peer_of(int socket) {
    SocketAddress out;
    out.size_ = sizeof(out.storage_);
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&out.storage_), &out.size_) != 0) {
        return {};
    }
    return out;
}

std::string SocketAddress::text() const {
    if (family() == AF_UNIX) {
        const auto address = as<sockaddr_un>(storage_);
        const auto path = std::string_view(&address.sun_path[0], sizeof(address.sun_path));
        return std::string(path.substr(0, path.find('\0')));
    }
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(generic(), size_, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    const bool is_ipv6 = family() == AF_INET6;
    return concat(is_ipv6 ? "[" : "", std::string_view(host.data()), is_ipv6 ? "]:" : ":",
                  std::string_view(port.data()));
}

bool SocketAddress::is_local() const {
    static constexpr std::uint32_t kLoopbackNet = 127;
    switch (family()) {
        case AF_UNIX: return true;
        case AF_INET:
            return ntohl(as<sockaddr_in>(storage_).sin_addr.s_addr) >> 24U == kLoopbackNet;
        case AF_INET6: {
            const in6_addr address = as<sockaddr_in6>(storage_).sin6_addr;
            return std::memcmp(&address, &in6addr_loopback, sizeof(address)) == 0;
        }
        default: return false;
    }
}

bool is_ip_number(const std::string& text) {
    in6_addr number{};
    return ::inet_pton(AF_INET, text.c_str(), &number) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &number) == 1;
}

Result<std::vector<SocketAddress>> resolve_tcp(const std::string& host, std::uint16_t port,
                                               bool ipv4, bool ipv6) {
    if (!ipv4 && !ipv6) {
        return fail("ipv4 and ipv6 are both off");
    }
    addrinfo hints{};
    hints.ai_family = ipv4 && ipv6 ? AF_UNSPEC : (ipv4 ? AF_INET : AF_INET6);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    const std::string name = host.empty() ? "localhost" : host;
    const int status = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &first);
    const int error_number = errno;
    if (status != 0) {
        return fail(concat(
            "address resolution failed for ", printable(name), ":", port, ": ",
            status == EAI_SYSTEM ? errno_text(error_number) : std::string(::gai_strerror(status))));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(first, &::freeaddrinfo);
    std::vector<SocketAddress> addresses;
    for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
        SocketAddress address;
        std::memcpy(&address.storage_, entry->ai_addr, entry->ai_addrlen);
        address.size_ = entry->ai_addrlen;
        addresses.push_back(address);
    }
    // Clients that try one address alone try this one.
    std::stable_partition(addresses.begin(), addresses.end(),
                          [](const SocketAddress& each) { return each.family() == AF_INET; });
    return addresses;
}

}  // namespace siskin
