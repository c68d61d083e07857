// SPDX-License-Identifier: Apache-2.0
// What the options of a socket mean: for a device's back end, and for a monitor.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/socket_address.h"
#include "base/telnet.h"
#include "base/unix_socket.h"
#include "devices/chardev/chardev_config.h"

namespace siskin {

// All of `config` below are of back end Socket.
[[nodiscard]] bool is_server(const ChardevConfig& config);
[[nodiscard]] bool is_tcp(const ChardevConfig& config);
// Which end of telnet it is, if that is spoken.
[[nodiscard]] std::optional<TelnetEnd> telnet_end(const ChardevConfig& config);

// Options that exclude each other, or that lack each other. Errors in QEMU's words.
[[nodiscard]] Result<> check_socket(const ChardevConfig& config);

// Where it is, as query-chardev shows it: "unix:/a", "tcp:localhost:4444", "fd:3"; with
// ",server=on".
[[nodiscard]] std::string socket_name(const ChardevConfig& config);
// The same of a socket whose addresses are known, "tcp:127.0.0.1:4444,server=on".
[[nodiscard]] std::string listening_name(const ChardevConfig& config, int socket);
// "tcp:127.0.0.1:4444,server=on <-> 127.0.0.1:5555"
[[nodiscard]] std::string connected_name(const ChardevConfig& config, int socket);

// Whoever reaches a listener has what is behind it. Error: the address is another than this host's
// own, and allow-remote is not on.
[[nodiscard]] Result<> check_reach(const ChardevConfig& config, const SocketAddress& address);

// Of a path or TCP. May ask the system's resolver. Errors: SocketAddress::unix_path's,
// resolve_tcp's.
[[nodiscard]] Result<std::vector<SocketAddress>> socket_addresses(const ChardevConfig& config);

// Listens where the config says; `passed` is its fd. Errors: the host's, and check_reach's.
[[nodiscard]] Result<UnixListener> listen_socket(const ChardevConfig& config, Fd passed);

}  // namespace siskin
