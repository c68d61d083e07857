// SPDX-License-Identifier: Apache-2.0
// What a connection carries: the seam between a client's bytes and what is said with them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "qmp/request.h"

namespace siskin::qmp {

// The answer to a request, with the request's id.
struct Reply {
    std::optional<Value> id;
    Result<std::string> result;  // the JSON text of `return`
};

// Where a conversation's requests go.
struct Outlet {
    // Its reply comes back through Conversation::reply(), in the order of submission.
    std::function<void(Request)> submit;
    // Runs an out-of-band command at once; the id is for the log.
    std::function<Result<std::string>(const std::optional<Value>& id, const CommandCall&)>
        run_out_of_band;
};

// Bytes in, requests out; replies and events in, bytes out. Knows no socket. Thread: QMP.
class Conversation {
public:
    // Requests handed on and not yet answered; beyond it a conversation takes no bytes.
    static constexpr std::size_t kInFlightMax = 8;
    // Bytes waiting to be sent; beyond it a conversation takes no bytes, and events end it.
    static constexpr std::size_t kOutputMax = std::size_t{1} << 20U;

    Conversation() = default;
    virtual ~Conversation() = default;
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    // Descriptors that came with the bytes that receive() is given next, at least one.
    virtual void receive_descriptors(std::vector<Fd> descriptors) = 0;
    // Takes bytes while it may and returns how many; the rest is offered again later.
    virtual std::size_t receive(std::string_view bytes) = 0;
    [[nodiscard]] virtual bool may_receive() const = 0;
    // The client is to be disconnected, though it has not gone.
    [[nodiscard]] virtual bool is_over() const = 0;

    virtual void reply(const Reply& reply) = 0;
    // `line` from event_line(). False when the client has let kOutputMax bytes pile up: it is to
    // be disconnected.
    [[nodiscard]] virtual bool send_event(std::string_view line) = 0;

    // What is to be sent, and how much of it was.
    [[nodiscard]] virtual std::string_view output() const = 0;
    virtual void sent(std::size_t count) = 0;

    [[nodiscard]] virtual std::size_t in_flight() const = 0;
};

// Makes the conversation of each new client; `is_network` as ByteChannel::is_network().
using ConversationFactory =
    std::function<std::unique_ptr<Conversation>(Outlet outlet, bool is_network)>;

}  // namespace siskin::qmp
