// SPDX-License-Identifier: Apache-2.0
// Endpoints that connect themselves: over and over to a peer that listens, or once.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/socket_address.h"
#include "qmp/endpoint.h"

namespace siskin::qmp {

// Tries each of the peer's addresses; when none answers, and when the peer has gone, again after a
// while. Thread: as Endpoint.
class ReconnectingEndpoint final : public Endpoint {
public:
    // At least one address.
    ReconnectingEndpoint(std::vector<SocketAddress> addresses, std::chrono::milliseconds pause)
        : addresses_(std::move(addresses)), pause_(pause) {}

    [[nodiscard]] Result<> start(EventLoop& loop, Serve serve) override;
    void on_client_gone() override { try_later(pause_); }
    void stop() override;

private:
    void try_later(std::chrono::milliseconds delay);
    void try_next();
    void on_connected();
    void note(const Error& error);

    std::vector<SocketAddress> addresses_;
    std::chrono::milliseconds pause_;
    std::size_t next_ = 0;  // of addresses_
    EventLoop* loop_ = nullptr;
    Serve serve_;
    Fd socket_;  // on its way to be connected
    std::unique_ptr<EventLoop::Watch> watch_;
    std::unique_ptr<EventLoop::Watch> timer_;
    bool stopped_ = false;
    bool noted_ = false;  // the log knows that the peer is away
};

// One client that is there from the start, and none after it. Thread: as Endpoint.
class SingleEndpoint final : public Endpoint {
public:
    explicit SingleEndpoint(ByteChannel client) : client_(std::move(client)) {}

    [[nodiscard]] Result<> start(EventLoop& loop, Serve serve) override;
    void on_client_gone() override {}
    void stop() override { timer_.reset(); }

private:
    ByteChannel client_;
    std::unique_ptr<EventLoop::Watch> timer_;
};

}  // namespace siskin::qmp
