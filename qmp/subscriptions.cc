// SPDX-License-Identifier: Apache-2.0
// x-siskin-events-subscribe, and who gets which line.
#include "qmp/subscriptions.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "qmp/generated/events.h"

namespace siskin::qmp {

void Subscriptions::add(const Event& event, std::uint64_t lost) {
    log_.skip(lost);
    log_.add(event);
    plain_line_ = event_line(event);
}

std::optional<std::string_view> Subscriptions::line_for(SessionId session) const {
    const NumberedEvent& newest = log_.events().back();
    const auto wanted = wanted_.find(session);
    if (wanted == wanted_.end()) {
        return newest.info->on_request ? std::nullopt
                                       : std::optional<std::string_view>(plain_line_);
    }
    return passes(wanted->second, *newest.info) ? std::optional<std::string_view>(newest.line)
                                                : std::nullopt;
}

Result<Subscriptions::Filter> Subscriptions::filter_of(const std::vector<std::string>& names) {
    if (names.empty()) {
        return fail("Parameter 'filter' is empty, allowed are one or more names of events");
    }
    Filter filter;
    const auto table = event_table();
    for (const std::string& name : names) {
        const auto row = std::find_if(table.begin(), table.end(),
                                      [&](const EventRow& event) { return event.name == name; });
        if (row == table.end()) {
            return fail(concat("Parameter 'filter' names '", printable(name),
                               "', which is no event; query-qmp-schema lists them"));
        }
        filter.insert(&*row);
    }
    return filter;
}

Result<EventSubscription> Subscriptions::x_siskin_events_subscribe(
    const XSiskinEventsSubscribeArguments& arguments) {
    Filter filter;
    if (arguments.filter) {
        filter = SISKIN_TRY(filter_of(*arguments.filter));
    }
    const std::uint64_t since = arguments.since.value_or(log_.next());
    // Most likely the numbers of a process that has ended.
    if (since < EventLog::kFirstNumber || since > log_.next()) {
        return fail(concat("Parameter 'since' is ", since, ", allowed is ", EventLog::kFirstNumber,
                           " to ", log_.next(), ", the next event's number"));
    }
    for (const NumberedEvent& event : log_.events()) {
        if (event.number >= since && passes(filter, *event.info)) {
            replay_.push_back(event.line);
        }
    }
    wanted_[session_] = std::move(filter);
    return EventSubscription{log_.next(), replay_.size(), log_.lost_since(since)};
}

}  // namespace siskin::qmp
