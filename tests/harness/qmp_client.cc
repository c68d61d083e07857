// SPDX-License-Identifier: Apache-2.0
// A blocking QMP client over a Unix socket. One message a line, as QEMU and siskin write them.
#include "tests/harness/qmp_client.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/stream_socket.h"
#include "base/text.h"
#include "qmp/parser.h"

namespace siskin::test {

namespace {

using Clock = std::chrono::steady_clock;

Result<Fd> connect_once(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        return fail(concat("socket path '", path, "' is too long"));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) {
        return fail_errno("socket", errno);
    }
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
        0) {
        return fail_errno(concat("connect to '", path, "'"), errno);
    }
    return socket;
}

}  // namespace

std::string text_at(const Value& value, std::string_view member) {
    const Value found = member_at(value, member);
    return found.as_string() == nullptr ? std::string() : *found.as_string();
}

bool flag_at(const Value& value, std::string_view member) {
    const Value found = member_at(value, member);
    return found.as_bool() != nullptr && *found.as_bool();
}

Value member_at(const Value& value, std::string_view member) {
    const Value::Dict* const dict = value.as_dict();
    const Value* const found = dict == nullptr ? nullptr : dict->find(member);
    return found == nullptr ? Value() : *found;
}

Result<QmpClient> QmpClient::connect(const std::string& path, ChildProcess& server,
                                     Milliseconds limit) {
    return connect_with([&] { return connect_once(path); }, server, limit);
}

Result<QmpClient> QmpClient::connect_tcp(std::uint16_t port, ChildProcess& server,
                                         Milliseconds limit) {
    const auto addresses = SISKIN_TRY(resolve_tcp("127.0.0.1", port, true, true));
    return connect_with([&] { return connect_stream(addresses, -1); }, server, limit);
}

Result<QmpClient> QmpClient::connect_with(const std::function<Result<Fd>()>& connect_once,
                                          ChildProcess& server, Milliseconds limit) {
    constexpr Milliseconds kRetry{2};
    const auto end = Clock::now() + limit;
    Result<Fd> socket = connect_once();
    while (!socket && Clock::now() < end && server.running()) {
        server.observe(kRetry);
        socket = connect_once();
    }
    if (!socket) {
        return fail(in_context(concat("the server said '", server.errors(), "'"), socket.error()));
    }
    return over(std::move(*socket), limit);
}

Result<QmpClient> QmpClient::over(Fd socket, Milliseconds limit) {
    QmpClient client(std::move(socket));
    client.greeting_ = SISKIN_TRY(client.read_message(limit));
    static_cast<void>(SISKIN_TRY(client.execute("qmp_capabilities")));
    return client;
}

Result<Value> QmpClient::read_message(Milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (;;) {
        const std::size_t line_end = received_.find('\n');
        if (line_end != std::string::npos) {
            const std::string line = received_.substr(0, line_end);
            received_.erase(0, line_end + 1);
            return qmp::parse_json(line);
        }
        const auto left = std::chrono::duration_cast<Milliseconds>(end - Clock::now());
        pollfd polled{socket_.get(), POLLIN, 0};
        if (left <= Milliseconds::zero() ||
            ::poll(&polled, 1, static_cast<int>(left.count()) + 1) == 0) {
            return fail("no message in time");
        }
        std::array<char, 65536> bytes{};
        const ssize_t count = ::read(socket_.get(), bytes.data(), bytes.size());
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return fail("the server closed the connection");
        }
        received_.append(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    }
}

void QmpClient::note_event(Value event) {
    event_names_.push_back(text_at(event, "event"));
    events_.push_back(std::move(event));
}

Result<Value> QmpClient::execute(std::string_view command, std::string_view arguments) {
    std::string text = concat("{\"execute\": \"", command, "\"");
    text += arguments.empty() ? "}\n" : concat(", \"arguments\": ", arguments, "}\n");
    if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
        return fail_errno("send", errno);
    }
    for (;;) {
        Value message = SISKIN_TRY(read_message(kPatience));
        const Value::Dict* const dict = message.as_dict();
        if (dict != nullptr && dict->find("event") != nullptr) {
            note_event(std::move(message));
        } else if (dict != nullptr && dict->find("return") != nullptr) {
            return *dict->find("return");
        } else {
            const Value error = member_at(message, "error");
            return fail(concat(text_at(error, "class"), ": ", text_at(error, "desc")));
        }
    }
}

Result<Value> QmpClient::wait_for_event(std::string_view name, Milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (;;) {
        for (auto at = events_.begin(); at != events_.end(); ++at) {
            if (text_at(*at, "event") == name) {
                Value event = std::move(*at);
                events_.erase(at);
                return event;
            }
        }
        const auto left = std::chrono::duration_cast<Milliseconds>(end - Clock::now());
        note_event(SISKIN_TRY_IN(concat("waiting for ", name), read_message(left)));
    }
}

bool QmpClient::wait_for_close(Milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (Clock::now() < end) {
        const auto left = std::chrono::duration_cast<Milliseconds>(end - Clock::now());
        Result<Value> message = read_message(left);
        if (!message) {
            return message.error().message == "the server closed the connection";
        }
        note_event(std::move(*message));
    }
    return false;
}

}  // namespace siskin::test
