// SPDX-License-Identifier: Apache-2.0
// A blocking QMP client: commands with their replies, events in the order they came.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/value.h"
#include "tests/harness/child_process.h"

namespace siskin::test {

// Connected and through the capabilities negotiation. One thread.
class QmpClient {
public:
    // Waits until the server listens at `path`, gives up when `server` ends or the time is over.
    [[nodiscard]] static Result<QmpClient> connect(const std::string& path, ChildProcess& server,
                                                   Milliseconds limit = kPatience);

    // The same for a port of 127.0.0.1.
    [[nodiscard]] static Result<QmpClient> connect_tcp(std::uint16_t port, ChildProcess& server,
                                                       Milliseconds limit = kPatience);
    // Over a connected socket.
    [[nodiscard]] static Result<QmpClient> over(Fd socket, Milliseconds limit = kPatience);

    [[nodiscard]] const Value& greeting() const { return greeting_; }
    // The value of "return". An error reply is an Error that reads "<class>: <desc>".
    [[nodiscard]] Result<Value> execute(std::string_view command, std::string_view arguments = "");
    // Waits for the next event of that name not yet taken; earlier ones of other names stay.
    [[nodiscard]] Result<Value> wait_for_event(std::string_view name,
                                               Milliseconds limit = kPatience);
    // The names of all events so far, oldest first, taken or not.
    [[nodiscard]] const std::vector<std::string>& event_names() const { return event_names_; }
    // Reads until the server closes; false when it does not.
    [[nodiscard]] bool wait_for_close(Milliseconds limit = kPatience);

private:
    [[nodiscard]] static Result<QmpClient> connect_with(
        const std::function<Result<Fd>()>& connect_once, ChildProcess& server, Milliseconds limit);
    explicit QmpClient(Fd socket) : socket_(std::move(socket)) {}
    [[nodiscard]] Result<Value> read_message(Milliseconds limit);
    void note_event(Value event);

    Fd socket_;
    std::string received_;
    Value greeting_;
    std::deque<Value> events_;
    std::vector<std::string> event_names_;
};

// The string, boolean or member at that place, "" / false / null where there is none.
[[nodiscard]] std::string text_at(const Value& value, std::string_view member);
[[nodiscard]] bool flag_at(const Value& value, std::string_view member);
[[nodiscard]] Value member_at(const Value& value, std::string_view member);

}  // namespace siskin::test
