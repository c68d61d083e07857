// SPDX-License-Identifier: Apache-2.0
// Connecting, and connecting again.
#include "qmp/connecting_endpoint.h"

#include "base/log.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin::qmp {

Result<> ReconnectingEndpoint::start(EventLoop& loop, Serve serve) {
    loop_ = &loop;
    serve_ = std::move(serve);
    try_later(std::chrono::milliseconds::zero());
    return {};
}

void ReconnectingEndpoint::stop() {
    stopped_ = true;
    watch_.reset();
    timer_.reset();
    socket_.reset();
}

void ReconnectingEndpoint::try_later(std::chrono::milliseconds delay) {
    if (stopped_) {
        return;
    }
    next_ = 0;
    timer_ = loop_->after(delay, [this] { try_next(); });
}

void ReconnectingEndpoint::try_next() {
    while (next_ < addresses_.size()) {
        auto socket = start_connect(addresses_[next_]);
        if (socket) {
            auto watch = loop_->watch_writable(socket->get(), [this] { on_connected(); });
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
    try_later(pause_);
}

void ReconnectingEndpoint::on_connected() {
    watch_.reset();
    Fd socket = std::move(socket_);
    Result<> served = connect_result(socket.get(), addresses_[next_]);
    if (served) {
        served = serve_(ByteChannel::of_socket(std::move(socket)));
        noted_ = noted_ && !served;
    }
    if (!served) {
        note(served.error());
        ++next_;
        try_next();
    }
}

void ReconnectingEndpoint::note(const Error& error) {
    if (!noted_) {
        log::warning(concat("a monitor is not connected: ", error.message));
    }
    noted_ = true;
}

Result<> SingleEndpoint::start(EventLoop& loop, Serve serve) {
    timer_ = loop.after(std::chrono::milliseconds::zero(), [this, serve = std::move(serve)] {
        if (const auto served = serve(std::move(client_)); !served) {
            log::warning(concat("a monitor cannot be used: ", served.error().message));
        }
    });
    return {};
}

}  // namespace siskin::qmp
