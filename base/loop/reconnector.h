// SPDX-License-Identifier: Apache-2.0
// Reconnector: keeps trying to connect a stream socket to one of a peer's addresses.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "base/socket_address.h"

namespace siskin {

// Tries each address in its turn; when none answers, again after a pause. Never waits.
// Thread: its loop's, or whoever sets it up before the loop runs.
class Reconnector {
public:
    // What to do with a connected socket; an error is as if the address had not answered.
    using Use = std::function<Result<>(Fd socket)>;

    // At least one address. `what` is not connected, says the log: "a monitor". `loop` outlives
    // this.
    Reconnector(EventLoop& loop, std::vector<SocketAddress> addresses,
                std::chrono::milliseconds pause, std::string what, Use use);
    Reconnector(const Reconnector&) = delete;
    Reconnector& operator=(const Reconnector&) = delete;

    // The first attempt, as soon as the loop turns.
    void start() { try_after(std::chrono::milliseconds::zero()); }
    // The connection has gone: the next attempt is after the pause.
    void lost() { try_after(pause_); }

private:
    void try_after(std::chrono::milliseconds delay);
    void try_next();
    void on_connected();
    void note(const Error& error);

    EventLoop& loop_;
    std::vector<SocketAddress> addresses_;
    std::chrono::milliseconds pause_;
    std::string what_;
    Use use_;
    std::size_t next_ = 0;  // of addresses_
    Fd socket_;             // on its way to be connected
    std::unique_ptr<EventLoop::Watch> watch_;
    std::unique_ptr<EventLoop::Watch> timer_;
    bool noted_ = false;  // the log knows that the peer is away
};

}  // namespace siskin
