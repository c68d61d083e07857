// SPDX-License-Identifier: Apache-2.0
// Socket reads and writes of one client.
#include "qmp/connection.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "base/log.h"

namespace siskin::qmp {

Result<std::unique_ptr<Connection>> Connection::create(Fd socket, EventLoop& loop,
                                                       std::unique_ptr<Session> session,
                                                       std::function<void()> finished) {
    std::unique_ptr<Connection> self(
        new Connection(std::move(socket), loop, std::move(session), std::move(finished)));
    self->read_watch_ = SISKIN_TRY(
        loop.watch_readable(self->socket_.get(), [raw = self.get()] { raw->on_readable(); }));
    return self;
}

Connection::Connection(Fd socket, EventLoop& loop, std::unique_ptr<Session> session,
                       std::function<void()> finished)
    : socket_(std::move(socket)),
      loop_(loop),
      session_(std::move(session)),
      finished_(std::move(finished)) {}

void Connection::on_readable() {
    if (received_.empty() && !input_ended_) {
        received_.resize(kChunkMax);
        const auto count = ::recv(socket_.get(), received_.data(), kChunkMax, 0);
        const int error_number = errno;
        received_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        if (count == 0) {
            input_ended_ = true;  // perhaps one half only: replies may still be wanted
        } else if (count < 0 && error_number != EAGAIN && error_number != EINTR) {
            hang_up();
        }
    }
    settle();
}

void Connection::reply(const Reply& reply) {
    session_->reply(reply);
    settle();
}

void Connection::send_event(std::string_view line) {
    if (socket_.valid() && !session_->send_event(line)) {
        log::warning("a QMP client that does not read was disconnected");
        hang_up();
    }
    settle();
}

void Connection::drain() {
    draining_ = true;
    settle();
}

// Everything that can go on now, until nothing moves; then what to wait for. The last line of each
// entry, because `finished_` may destroy the connection.
void Connection::settle() {
    feed();
    while (socket_.valid() && flush() && !received_.empty() && session_->may_receive() &&
           !draining_) {
        feed();
    }
    if (is_finished()) {
        hang_up();
        const auto finished = std::move(finished_);  // outlives this object
        finished();
        return;
    }
    const bool read = received_.empty() && session_->may_receive() && !input_ended_ && !draining_;
    if (read_watch_ != nullptr && read != reading_) {
        reading_ = read;
        if (read) {
            read_watch_->resume();
        } else {
            read_watch_->pause();
        }
    }
}

void Connection::feed() {
    if (!draining_ && !received_.empty()) {
        received_.erase(0, session_->receive(received_));
    }
}

// True when all of the output is gone.
bool Connection::flush() {
    while (!session_->output().empty()) {
        const std::string_view output = session_->output();
        const auto count =
            ::send(socket_.get(), output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            session_->sent(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            wait_for_room();
            return false;
        } else if (errno != EINTR) {
            hang_up();
            return false;
        }
    }
    write_watch_.reset();
    return true;
}

void Connection::wait_for_room() {
    if (write_watch_ != nullptr) {
        return;
    }
    auto watch = loop_.watch_writable(socket_.get(), [this] { settle(); });
    if (watch) {
        write_watch_ = std::move(*watch);
        return;
    }
    // No descriptor is left to wait with, so nobody would ever come back to this client.
    log::warning("a QMP client was disconnected: no file descriptor is left");
    hang_up();
}

void Connection::hang_up() {
    read_watch_.reset();
    write_watch_.reset();
    if (socket_.valid()) {
        // The client sees the end now, whoever else still holds a handle on the socket.
        ::shutdown(socket_.get(), SHUT_RDWR);
    }
    socket_.reset();
    received_.clear();
    input_ended_ = true;
}

bool Connection::is_finished() const {
    if (draining_) {
        return !socket_.valid() || session_->output().empty();
    }
    // A client that is gone leaves its requests behind; their replies are still to come back.
    const bool nothing_waits = session_->in_flight() == 0 && received_.empty();
    return input_ended_ && nothing_waits && (!socket_.valid() || session_->output().empty());
}

}  // namespace siskin::qmp
