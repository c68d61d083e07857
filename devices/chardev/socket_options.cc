// SPDX-License-Identifier: Apache-2.0
// The options of sockets.
#include "devices/chardev/socket_options.h"

#include <utility>

#include <sys/socket.h>

#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin {
namespace {

tl::unexpected<Error> incompatible(std::string_view option, std::string_view with) {
    return fail(concat("'", option, "' option is incompatible with ", with));
}

std::string_view ip_prefix(const ChardevConfig& config) {
    return config.telnet.value_or(false) ? "telnet:" : "tcp:";
}

std::string_view ending(const ChardevConfig& config) {
    return is_server(config) ? ",server=on" : "";
}

bool is_ip(const SocketAddress& address) {
    return address.family() == AF_INET || address.family() == AF_INET6;
}

}  // namespace

bool is_server(const ChardevConfig& config) {
    return config.server.value_or(false);
}

bool is_tcp(const ChardevConfig& config) {
    return config.host || config.port;
}

std::optional<TelnetEnd> telnet_end(const ChardevConfig& config) {
    if (!config.telnet.value_or(false)) {
        return std::nullopt;
    }
    return is_server(config) ? TelnetEnd::Server : TelnetEnd::Client;
}

Result<> check_socket(const ChardevConfig& config) {
    const int places =
        (config.path.empty() ? 0 : 1) + (config.fd ? 1 : 0) + (is_tcp(config) ? 1 : 0);
    if (places != 1) {
        return fail("one of 'path', 'fd' and 'host' with 'port' is required");
    }
    if (config.host && !config.port) {
        return fail("chardev: socket: no port given");
    }
    if (config.reconnect && config.fd) {
        return incompatible("reconnect", "'fd' address type");
    }
    if (config.reconnect && is_server(config)) {
        return incompatible("reconnect", "socket in server listen mode");
    }
    if (config.wait && !is_server(config)) {
        return incompatible("wait", "socket in client connect mode");
    }
    if (config.clients && !is_server(config)) {
        return incompatible("x-siskin-clients", "socket in client connect mode");
    }
    if (!config.nodelay.value_or(true)) {
        return fail("Parameter 'nodelay' doesn't take value 'off', allowed is on");
    }
    return {};
}

std::string socket_name(const ChardevConfig& config) {
    if (is_tcp(config)) {
        const std::string host = config.host.value_or("");
        return concat(ip_prefix(config), host.empty() ? "localhost" : host, ":",
                      config.port.value_or(0), ending(config));
    }
    return config.fd ? listening_name(config, static_cast<int>(*config.fd))
                     : concat("unix:", config.path, ending(config));
}

std::string listening_name(const ChardevConfig& config, int socket) {
    const auto local = SocketAddress::local_of(socket);
    if (!is_server(config) || local.text().empty()) {
        return config.fd ? concat("fd:", *config.fd, ending(config)) : socket_name(config);
    }
    return concat(local.family() == AF_UNIX ? "unix:" : ip_prefix(config), local.text(),
                  ending(config));
}

std::string connected_name(const ChardevConfig& config, int socket) {
    const auto local = SocketAddress::local_of(socket);
    if (!is_ip(local)) {
        return {};
    }
    return concat(ip_prefix(config), local.text(), ending(config), " <-> ",
                  SocketAddress::peer_of(socket).text());
}

Result<> check_reach(const ChardevConfig& config, const SocketAddress& address) {
    if (address.is_local() || config.allow_remote.value_or(false)) {
        return {};
    }
    return fail(concat(address.text(),
                       " is not on this host alone, and nobody is asked for a password; "
                       "allow-remote=on allows it"));
}

Result<std::vector<SocketAddress>> socket_addresses(const ChardevConfig& config) {
    if (!is_tcp(config)) {
        return std::vector{SISKIN_TRY(SocketAddress::unix_path(config.path))};
    }
    return resolve_tcp(config.host.value_or(""),
                       static_cast<std::uint16_t>(config.port.value_or(0)),
                       config.ipv4.value_or(true), config.ipv6.value_or(true));
}

Result<UnixListener> listen_socket(const ChardevConfig& config, Fd passed) {
    if (config.fd) {
        const auto address = SocketAddress::local_of(passed.get());
        if (is_ip(address)) {
            SISKIN_TRY(check_reach(config, address));
        }
        return UnixListener::adopt(std::move(passed));
    }
    if (!is_tcp(config)) {
        return UnixListener::listen(config.path);
    }
    const auto addresses = SISKIN_TRY(socket_addresses(config));
    for (const SocketAddress& address : addresses) {
        SISKIN_TRY(check_reach(config, address));
    }
    return UnixListener::adopt(SISKIN_TRY(listen_tcp(addresses)));
}

}  // namespace siskin
