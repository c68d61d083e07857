// SPDX-License-Identifier: Apache-2.0
// A client's channel with its conversation.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_channel.h"
#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "qmp/conversation.h"

namespace siskin::qmp {

// Moves bytes between a channel and a conversation; knows when to stop reading and when both are
// done. Thread: QMP.
class Connection {
public:
    // Read from the channel at a time.
    static constexpr std::size_t kChunkMax = std::size_t{64} << 10U;  // bytes
    // Written to it at a time: then others have their turn.
    static constexpr std::size_t kTurnMax = std::size_t{1} << 20U;  // bytes
    // How long a descriptor waits for the command that takes it. A client can pass its own
    // connection, and that does not end as long as it is kept.
    static constexpr std::chrono::seconds kUnclaimedMax{10};

    // Calls `finished` when nothing is left to do: the client is gone or has ended its half, and
    // every request has been answered. Over files, which end one by one, whoever has ended the
    // input still gets events, as in QEMU, until its output ends. The callee may destroy the
    // connection. `loop` outlives it. Calls `gone` once, if at all, when the client will read no
    // reply while requests are under way.
    [[nodiscard]] static Result<std::unique_ptr<Connection>> create(
        ByteChannel channel, EventLoop& loop, std::unique_ptr<Conversation> conversation,
        std::function<void()> finished, std::function<void()> gone = {});
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Sends what the conversation has, first of all the greeting. May call `finished`, as do the
    // next.
    void start() { settle(); }
    void reply(const Reply& reply);
    void send_event(std::string_view line);
    void send_replay(std::string_view line);
    // Takes no more bytes; what waits to be sent is sent.
    void drain();

private:
    Connection(ByteChannel channel, EventLoop& loop, std::unique_ptr<Conversation> conversation,
               std::function<void()> finished, std::function<void()> gone);
    [[nodiscard]] Result<> watch_input();
    void on_readable();
    void settle();
    void feed();
    bool flush();
    void wait_for_room();
    void hang_up();
    void note_gone();
    [[nodiscard]] bool is_finished() const;

    ByteChannel channel_;
    EventLoop& loop_;
    std::unique_ptr<Conversation> conversation_;
    std::function<void()> finished_;
    std::function<void()> gone_;  // empty once called
    std::string received_;        // read and not yet taken by the conversation
    bool input_ended_ = false;
    bool draining_ = false;
    bool reading_ = true;
    // Stands in for an input that epoll cannot watch: a file, /dev/null.
    std::optional<EventFd> always_ready_;
    std::unique_ptr<EventLoop::Watch> read_watch_;
    std::unique_ptr<EventLoop::Watch> write_watch_;
    std::unique_ptr<EventLoop::Watch> gone_watch_;
    std::unique_ptr<EventLoop::Watch> unclaimed_timer_;
};

}  // namespace siskin::qmp
