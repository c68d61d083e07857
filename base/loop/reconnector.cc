// SPDX-License-Identifier: Apache-2.0
// Connecting, and connecting again.
#include "base/loop/reconnector.h"

#include <utility>

#include "base/log.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin {

Reconnector::Reconnector(EventLoop& loop, std::vector<SocketAddress> addresses,
                         std::chrono::milliseconds pause, std::string what, Use use)
    : loop_(loop),
      addresses_(std::move(addresses)),
      pause_(pause),
      what_(std::move(what)),
      use_(std::move(use)) {}

void Reconnector::try_after(std::chrono::milliseconds delay) {
    next_ = 0;
    timer_ = loop_.after(delay, [this] { try_next(); });
}

void Reconnector::try_next() {
    while (next_ < addresses_.size()) {
        auto socket = start_connect(addresses_[next_]);
        if (socket) {
            auto watch = loop_.watch_writable(socket->get(), [this] { on_connected(); });
            if (watch) {
                socket_ = std::move(*socket);
                watch_ = std::move(*watch);
                return;
            }
            socket = fail(watch.error());
        }
        note(socket.error());
        ++next_;
    }
    try_after(pause_);
}

void Reconnector::on_connected() {
    watch_.reset();
    Fd socket = std::move(socket_);
    Result<> used = connect_result(socket.get(), addresses_[next_]);
    if (used) {
        used = use_(std::move(socket));
        noted_ = noted_ && !used;
    }
    if (!used) {
        note(used.error());
        ++next_;
        try_next();
    }
}

void Reconnector::note(const Error& error) {
    if (!noted_) {
        log::warning(concat(what_, " is not connected: ", error.message));
    }
    noted_ = true;
}

}  // namespace siskin
