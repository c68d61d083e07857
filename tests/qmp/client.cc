// SPDX-License-Identifier: Apache-2.0
// The test client's socket.
#include "tests/qmp/client.h"

#include <array>
#include <cstring>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace siskin::qmp_test {
namespace {

Fd connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto end = std::chrono::steady_clock::now() + Client::kPatience;
    while (std::chrono::steady_clock::now() < end) {
        Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const void* const generic = &address;
        if (::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof(address)) == 0) {
            return socket;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return {};
}

}  // namespace

Client::Client(const std::string& path) : socket_(connect_to(path)) {}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

std::string Client::receive(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::size_t newline = received_.find('\n', searched_);
    while (newline == std::string::npos) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd wait{socket_.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) {
            return "<silence>";
        }
        std::array<char, 65536> chunk;
        const auto count = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
        if (count <= 0) {
            return "<eof>" + received_;
        }
        searched_ = received_.size();
        received_.append(chunk.data(), static_cast<std::size_t>(count));
        newline = received_.find('\n', searched_);
    }
    searched_ = 0;
    std::string line = received_.substr(0, newline);
    received_.erase(0, newline + 1);
    if (!line.ends_with('\r')) {
        return "<no CR LF>" + line;
    }
    line.pop_back();
    return line;
}

std::string Client::receive_reply() {
    std::string line = receive();
    while (line.starts_with("{\"timestamp\"")) {
        line = receive();
    }
    return line;
}

void Client::negotiate() {
    receive();
    ask("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}");
}

std::string Client::ask(std::string_view bytes) {
    send(bytes);
    return receive();
}

void Client::end_sending() {
    ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace siskin::qmp_test
