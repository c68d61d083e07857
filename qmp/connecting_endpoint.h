// SPDX-License-Identifier: Apache-2.0
// Endpoints that connect themselves: over and over to a peer that listens, or once.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/loop/reconnector.h"
#include "base/socket_address.h"
#include "qmp/endpoint.h"

namespace siskin::qmp {

// Tries each of the peer's addresses; when none answers, and when the peer has gone, again after a
// while. Thread: as Endpoint.
class ReconnectingEndpoint final : public Endpoint {
public:
    // At least one address.
    ReconnectingEndpoint(std::vector<siskin::SocketAddress> addresses,
                         std::chrono::milliseconds pause)
        : addresses_(std::move(addresses)), pause_(pause) {}

    [[nodiscard]] Result<> start(EventLoop& loop, Serve serve) override;
    void on_client_gone() override;
    void stop() override { reconnector_.reset(); }

private:
    std::vector<siskin::SocketAddress> addresses_;
    std::chrono::milliseconds pause_;
    std::optional<Reconnector> reconnector_;  // from start() to stop()
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
