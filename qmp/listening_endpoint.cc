// SPDX-License-Identifier: Apache-2.0
// Accepting clients.
#include "qmp/listening_endpoint.h"

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin::qmp {

Result<> ListeningEndpoint::start(EventLoop& loop, Serve serve) {
    loop_ = &loop;
    serve_ = std::move(serve);
    if (clients_max_ > 1) {
        listener_.set_backlog(static_cast<int>(clients_max_));
    }
    accept_watch_ = SISKIN_TRY(loop.watch_readable(listener_.get(), [this] { on_client(); }));
    return {};
}

void ListeningEndpoint::on_client() {
    Fd client = listener_.accept();
    if (!client.valid()) {
        if (!is_client_gone(errno)) {
            rest();
        }
        return;
    }
    set_no_delay(client.get());
    ask_if_there(client.get());
    ++clients_;
    settle();
    if (const auto served = serve_(ByteChannel::of_socket(std::move(client))); !served) {
        log::warning(concat("a monitor's client could not be served: ", served.error().message));
        --clients_;
        rest();
    }
}

void ListeningEndpoint::on_client_gone() {
    --clients_;
    settle();
}

void ListeningEndpoint::stop() {
    accept_watch_.reset();
    rest_timer_.reset();
}

void ListeningEndpoint::rest() {
    resting_ = true;
    settle();
    rest_timer_ = loop_->after(kAcceptRest, [this] {
        resting_ = false;
        settle();
    });
}

void ListeningEndpoint::settle() {
    if (accept_watch_ == nullptr) {
        return;
    }
    if (clients_ < clients_max_ && !resting_) {
        accept_watch_->resume();
    } else {
        accept_watch_->pause();
    }
}

}  // namespace siskin::qmp
