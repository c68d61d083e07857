// SPDX-License-Identifier: Apache-2.0
// An endpoint that listens: clients connect to it.
#pragma once

#include <chrono>
#include <memory>

#include "base/unix_socket.h"
#include "qmp/endpoint.h"

namespace siskin::qmp {

// Thread: as Endpoint.
class ListeningEndpoint final : public Endpoint {
public:
    // How long accepting rests when the host has no descriptor or memory for one more.
    static constexpr std::chrono::milliseconds kAcceptRest{1000};

    // `clients_max` is 1 to kClientsPerEndpointMax; more clients wait in the kernel's backlog.
    ListeningEndpoint(UnixListener listener, std::size_t clients_max)
        : listener_(std::move(listener)), clients_max_(clients_max) {}

    [[nodiscard]] Result<> start(EventLoop& loop, Serve serve) override;
    void on_client_gone() override;
    void stop() override;

private:
    void on_client();
    void rest();
    void settle();

    UnixListener listener_;
    std::size_t clients_max_;
    std::size_t clients_ = 0;
    EventLoop* loop_ = nullptr;
    Serve serve_;
    std::unique_ptr<EventLoop::Watch> accept_watch_;
    std::unique_ptr<EventLoop::Watch> rest_timer_;
    bool resting_ = false;
};

}  // namespace siskin::qmp
