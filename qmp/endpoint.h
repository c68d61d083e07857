// SPDX-License-Identifier: Apache-2.0
// Where a monitor's clients come from: the seam between the server and each kind of transport.
#pragma once

#include <cstddef>
#include <functional>

#include "base/byte_channel.h"
#include "base/loop/event_loop.h"
#include "base/result.h"

namespace siskin::qmp {

// Clients that one endpoint serves at a time, at most.
inline constexpr std::size_t kClientsPerEndpointMax = 16;

// Thread: set up on the VM thread before the loop runs; then QMP.
class Endpoint {
public:
    // Takes a client over; a client that could not be served is an error. When it has gone,
    // on_client_gone() is called, perhaps before this returns.
    using Serve = std::function<Result<>(ByteChannel client)>;

    Endpoint() = default;
    virtual ~Endpoint() = default;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    // Clients are served from now on, at the earliest when the loop runs. `loop` outlives the
    // endpoint.
    [[nodiscard]] virtual Result<> start(EventLoop& loop, Serve serve) = 0;
    virtual void on_client_gone() = 0;
    // No new clients from now on.
    virtual void stop() = 0;
};

}  // namespace siskin::qmp
