// SPDX-License-Identifier: Apache-2.0
// One client's conversation: bytes in, requests out; replies and events in, bytes out.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "qmp/event.h"
#include "qmp/framer.h"
#include "qmp/negotiation.h"
#include "qmp/request.h"

namespace siskin::qmp {

// The answer to a request, with the request's id.
struct Reply {
    std::optional<Value> id;
    Result<std::string> result;  // the JSON text of `return`
};

// The line of an event, with its end.
[[nodiscard]] std::string event_line(const Event& event);

// Knows no socket. In-band requests are handed on in order and answered in the same order by
// reply(); errors of form go the same way, so that they keep their place. Thread: QMP.
class Session {
public:
    // Requests handed on and not yet answered; beyond it the session takes no bytes.
    static constexpr std::size_t kInFlightMax = 8;
    // Bytes waiting to be sent; beyond it the session takes no bytes and events end it.
    static constexpr std::size_t kOutputMax = std::size_t{1} << 20U;

    // Where requests go.
    struct Outlet {
        // Its reply comes back through reply().
        std::function<void(Request)> submit;
        // Runs an out-of-band command at once.
        std::function<Result<std::string>(const CommandCall&)> run_out_of_band;
    };

    // Begins with the greeting. `table` outlives the session.
    Session(const VersionInfo& version, std::span<const CommandRow> table, Outlet outlet);

    // Takes bytes while it may and returns how many; the rest is offered again later.
    std::size_t receive(std::string_view bytes);
    [[nodiscard]] bool may_receive() const {
        return in_flight_ < kInFlightMax && output_.size() < kOutputMax;
    }
    void reply(const Reply& reply);
    // `line` from event_line(). Not delivered before negotiation is complete (QMP spec §2.2).
    // False when the client has let kOutputMax bytes pile up: it is to be disconnected.
    [[nodiscard]] bool send_event(std::string_view line);

    // What is to be sent, and how much of it was.
    [[nodiscard]] std::string_view output() const { return output_; }
    void sent(std::size_t count) { output_.erase(0, count); }

    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

private:
    void take(const Frame& frame);
    void take_message(const Value& message);
    void answer(const std::optional<Value>& id, const Result<std::string>& result);

    std::span<const CommandRow> table_;
    Outlet outlet_;
    Framer framer_;
    Negotiation negotiation_;
    std::size_t in_flight_ = 0;
    std::string output_;
};

}  // namespace siskin::qmp
