// SPDX-License-Identifier: Apache-2.0
// A QMP client for tests: blocking, with a time limit on everything.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace siskin::qmp_test {

class Client {
public:
    static constexpr std::chrono::milliseconds kPatience{10000};
    static constexpr std::chrono::milliseconds kSilence{150};  // "nothing comes"

    // Connects, and tries again until something listens.
    explicit Client(const std::string& path);
    explicit Client(Fd socket) : socket_(std::move(socket)) {}

    void send(std::string_view bytes);
    // The next line without its CR LF; "<eof>" at the end, "<silence>" when nothing came in time,
    // "<no CR LF>..." for a line that ends otherwise.
    std::string receive(std::chrono::milliseconds patience = kPatience);
    // receive(), but events are passed over.
    std::string receive_reply();
    // Negotiates; takes the greeting and the reply.
    void negotiate();
    // send() and receive().
    std::string ask(std::string_view bytes);
    // Ends the sending half.
    void end_sending();
    [[nodiscard]] const Fd& socket() const { return socket_; }

private:
    Fd socket_;
    std::string received_;
    std::size_t searched_ = 0;  // of received_, without a newline
};

}  // namespace siskin::qmp_test
