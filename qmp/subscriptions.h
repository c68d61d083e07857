// SPDX-License-Identifier: Apache-2.0
// Subscriptions: which clients have asked for numbered events, and what each wants.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "qmp/event_log.h"
#include "qmp/generated/commands.h"

namespace siskin::qmp {

// A connection's number; never used twice.
using SessionId = std::uint64_t;

// The command group "event-log". The server tells whose command is about to run. Thread: QMP.
class Subscriptions final : public EventLogCommands {
public:
    void begin_command(SessionId session) { session_ = session; }
    // The lines to send after the reply to the command that just ran, oldest first.
    [[nodiscard]] std::vector<std::string> take_replay() { return std::exchange(replay_, {}); }
    void forget(SessionId session) { wanted_.erase(session); }

    // An event happened: what line_for() is about from now on. `lost`: how many were dropped
    // before it.
    void add(const Event& event, std::uint64_t lost);
    // The line of the newest event for that client, or nothing: its filter leaves the event out,
    // or the client has not asked for an event that is sent on request only.
    [[nodiscard]] std::optional<std::string_view> line_for(SessionId session) const;

    [[nodiscard]] Result<EventSubscription> x_siskin_events_subscribe(
        const XSiskinEventsSubscribeArguments& arguments) override;

private:
    // By row of the event table; empty for all.
    using Filter = std::set<const EventRow*>;

    [[nodiscard]] static Result<Filter> filter_of(const std::vector<std::string>& names);
    [[nodiscard]] static bool passes(const Filter& filter, const EventRow& event) {
        return filter.empty() || filter.contains(&event);
    }

    EventLog log_;
    std::string plain_line_;  // of the newest event
    std::map<SessionId, Filter> wanted_;
    SessionId session_ = 0;  // of the command that runs
    std::vector<std::string> replay_;
};

}  // namespace siskin::qmp
