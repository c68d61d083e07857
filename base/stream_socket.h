// SPDX-License-Identifier: Apache-2.0
// Stream sockets of any family: listening over TCP, and connecting without waiting.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/socket_address.h"

namespace siskin {

// Sockets are non-blocking and close-on-exec; TCP ones send small messages at once.

// Listens at the first address that can be had. Error: "Failed to listen on <address>: <reason>".
[[nodiscard]] Result<Fd> listen_tcp(const std::vector<SocketAddress>& addresses);

// Begins to connect. When the socket is writable, connect_result() tells how it ended. Error:
// "Failed to connect to '<address>': <reason>", where that is known at once.
[[nodiscard]] Result<Fd> start_connect(const SocketAddress& address);
[[nodiscard]] Result<> connect_result(int socket, const SocketAddress& address);

// How long connecting waits where nothing can interrupt it.
inline constexpr std::chrono::milliseconds kConnectPatience{3000};

// Connects to the first address that answers, and waits for that. Error: as above; `interrupt_fd`
// became readable first, or there is none (-1) and kConnectPatience has passed.
[[nodiscard]] Result<Fd> connect_stream(const std::vector<SocketAddress>& addresses,
                                        int interrupt_fd);

// A socket that somebody else connected, for use here. Error: it is none, or is not connected.
[[nodiscard]] Result<Fd> adopt_connected(Fd socket);

// Whether an accept(2) that failed so says that the client has gone. All else may be said again at
// once: no descriptor is left, or the listener was shut down (EAGAIN, though it is readable).
[[nodiscard]] bool is_client_gone(int error_number);

// Small messages leave at once; no effect on sockets of another kind.
void set_no_delay(int socket);

// A peer that has gone without a word, or has closed both directions, is found out by asking
// (tcp(7), keep-alive): the connection then fails. One that has closed its own direction answers
// and stays. No effect on sockets of another kind, where the kernel tells at once.
inline constexpr int kKeepAliveIdle_s = 15;   // without a byte from it, until the first question
inline constexpr int kKeepAlivePause_s = 15;  // between questions
inline constexpr int kKeepAliveAsked = 4;     // unanswered ones, until it is gone
void ask_if_there(int socket);

}  // namespace siskin
