// SPDX-License-Identifier: Apache-2.0
// A client's socket with its session.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "qmp/session.h"

namespace siskin::qmp {

// Moves bytes between a stream socket and a session; knows when to stop reading and when both are
// done. Thread: QMP.
class Connection {
public:
    // Read from the socket at a time.
    static constexpr std::size_t kChunkMax = std::size_t{64} << 10U;  // bytes

    // Calls `finished` when nothing is left to do: the client is gone or has ended its half, and
    // every request has been answered. The callee may destroy the connection. `loop` outlives it.
    [[nodiscard]] static Result<std::unique_ptr<Connection>> create(
        Fd socket, EventLoop& loop, std::unique_ptr<Session> session,
        std::function<void()> finished);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Sends what the session has, first of all the greeting. May call `finished`, as do the next.
    void start() { settle(); }
    void reply(const Reply& reply);
    void send_event(std::string_view line);
    // Takes no more bytes; what waits to be sent is sent.
    void drain();

private:
    Connection(Fd socket, EventLoop& loop, std::unique_ptr<Session> session,
               std::function<void()> finished);
    void on_readable();
    void settle();
    void feed();
    bool flush();
    void wait_for_room();
    void hang_up();
    [[nodiscard]] bool is_finished() const;

    Fd socket_;
    EventLoop& loop_;
    std::unique_ptr<Session> session_;
    std::function<void()> finished_;
    std::string received_;  // read and not yet taken by the session
    bool input_ended_ = false;
    bool draining_ = false;
    bool reading_ = true;
    std::unique_ptr<EventLoop::Watch> read_watch_;
    std::unique_ptr<EventLoop::Watch> write_watch_;
};

}  // namespace siskin::qmp
