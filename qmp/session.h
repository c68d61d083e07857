// SPDX-License-Identifier: Apache-2.0
// One client's QMP session: messages in, requests out; replies and events in, messages out.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "qmp/conversation.h"
#include "qmp/event.h"
#include "qmp/framer.h"
#include "qmp/negotiation.h"
#include "qmp/request.h"

namespace siskin::qmp {

// How a session is held.
struct SessionOptions {
    bool pretty = false;  // indented messages
    // Until negotiation a message begins with white space or '{', or the session is over: whatever
    // reaches an open port by chance, or through a web browser, executes nothing.
    bool braces_only = false;
    Role role = Role::Operate;                       // what the client may do
    std::size_t message_size_max = kMessageSizeMax;  // bytes; kMessageSizeLow to kMessageSizeHigh
};

// QMP. In-band requests are handed on in order and answered in the same order by reply(); errors
// of form go the same way, so that they keep their place. Thread: QMP.
class Session final : public Conversation {
public:
    using Outlet = qmp::Outlet;

    // Begins with the greeting. `table` outlives the session.
    Session(const VersionInfo& version, std::span<const CommandRow> table, Outlet outlet,
            SessionOptions options = {});

    // The newest ones wait for a command that takes one; it takes the first, the others are
    // closed. Older ones that wait are closed, too.
    void receive_descriptors(std::vector<Fd> descriptors) override {
        descriptors_ = std::move(descriptors);
    }
    std::size_t receive(std::string_view bytes) override;
    [[nodiscard]] bool may_receive() const override {
        return in_flight_ < kInFlightMax && output_.size() < kOutputMax && !over_;
    }
    [[nodiscard]] bool is_over() const override { return over_; }
    void reply(const Reply& reply) override;
    // Not delivered before negotiation is complete (QMP spec §2.2).
    [[nodiscard]] bool send_event(std::string_view line) override;
    [[nodiscard]] std::string_view output() const override { return output_; }
    void sent(std::size_t count) override { output_.erase(0, count); }
    [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }

private:
    [[nodiscard]] bool is_stranger(std::string_view bytes) const;
    void take(const Frame& frame);
    void take_message(Value message);
    [[nodiscard]] Fd descriptor_for(const Result<CommandCall>& call);
    void put_line(std::string_view json);
    void answer(const std::optional<Value>& id, const Result<std::string>& result);

    std::span<const CommandRow> table_;
    Outlet outlet_;
    SessionOptions options_;
    Framer framer_;
    Negotiation negotiation_;
    std::vector<Fd> descriptors_;  // received, not yet taken
    std::size_t in_flight_ = 0;
    bool over_ = false;
    std::string output_;
};

}  // namespace siskin::qmp
