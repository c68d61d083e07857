// SPDX-License-Identifier: Apache-2.0
// Reads and writes of one client.
#include "qmp/connection.h"

#include <utility>
#include <vector>

#include "base/log.h"

namespace siskin::qmp {

Result<std::unique_ptr<Connection>> Connection::create(ByteChannel channel, EventLoop& loop,
                                                       std::unique_ptr<Conversation> conversation,
                                                       std::function<void()> finished,
                                                       std::function<void()> gone) {
    std::unique_ptr<Connection> self(new Connection(
        std::move(channel), loop, std::move(conversation), std::move(finished), std::move(gone)));
    SISKIN_TRY(self->watch_input());
    return self;
}

Connection::Connection(ByteChannel channel, EventLoop& loop,
                       std::unique_ptr<Conversation> conversation, std::function<void()> finished,
                       std::function<void()> gone)
    : channel_(std::move(channel)),
      loop_(loop),
      conversation_(std::move(conversation)),
      finished_(std::move(finished)),
      gone_(std::move(gone)) {}

Result<> Connection::watch_input() {
    if (channel_.input() < 0) {
        input_ended_ = true;
        return {};
    }
    auto watch = loop_.watch_readable(channel_.input(), [this] { on_readable(); });
    if (!watch && channel_.is_file()) {
        // epoll refuses what is always ready (epoll_ctl(2), EPERM).
        always_ready_ = SISKIN_TRY(EventFd::create());
        always_ready_->signal();
        watch = loop_.watch_readable(always_ready_->get(), [this] { on_readable(); });
    }
    read_watch_ = SISKIN_TRY(std::move(watch));
    return {};
}

void Connection::on_readable() {
    if (received_.empty() && !input_ended_) {
        std::vector<Fd> descriptors;
        const auto outcome = channel_.receive(kChunkMax, received_, descriptors);
        if (!descriptors.empty()) {
            conversation_->receive_descriptors(std::move(descriptors));
            unclaimed_timer_ =
                loop_.after(kUnclaimedMax, [this] { conversation_->receive_descriptors({}); });
        }
        if (outcome == ByteChannel::Outcome::Ended) {
            input_ended_ = true;  // perhaps one half only: replies may still be wanted
        } else if (outcome == ByteChannel::Outcome::Broken) {
            hang_up();
        }
    }
    settle();
}

void Connection::reply(const Reply& reply) {
    conversation_->reply(reply);
    settle();
}

void Connection::send_event(std::string_view line) {
    if (channel_.is_open() && !conversation_->send_event(line)) {
        log::warning("a QMP client that does not read was disconnected");
        hang_up();
    }
    settle();
}

void Connection::send_replay(std::string_view line) {
    if (channel_.is_open()) {
        conversation_->send_replay(line);
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
    while (channel_.is_open() && flush() && !received_.empty() && conversation_->may_receive() &&
           !draining_) {
        feed();
    }
    if (is_finished()) {
        hang_up();
        const auto finished = std::move(finished_);  // outlives this object
        finished();
        return;
    }
    const bool read =
        received_.empty() && conversation_->may_receive() && !input_ended_ && !draining_;
    if (read_watch_ != nullptr && read != reading_) {
        reading_ = read;
        if (read) {
            read_watch_->resume();
        } else {
            read_watch_->pause();
        }
    }
    note_gone();
}

void Connection::feed() {
    if (!draining_ && !received_.empty()) {
        received_.erase(0, conversation_->receive(received_));
    }
    if (conversation_->is_over()) {
        input_ended_ = true;
        received_.clear();
    }
}

// True when all of the output is gone.
bool Connection::flush() {
    std::size_t this_turn = 0;
    while (!conversation_->output().empty()) {
        std::size_t sent = 0;
        const auto outcome = channel_.send(conversation_->output().substr(0, kTurnMax), sent);
        conversation_->sent(sent);
        this_turn += sent;
        // A terminal that nobody has open takes nothing, and says so in no other way.
        if (outcome == ByteChannel::Outcome::Blocked && channel_.is_hung_up()) {
            hang_up();
            return false;
        }
        if (outcome == ByteChannel::Outcome::Blocked ||
            (this_turn >= kTurnMax && !channel_.is_file())) {
            wait_for_room();
            return false;
        }
        if (outcome != ByteChannel::Outcome::Moved) {
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
    auto watch = loop_.watch_writable(channel_.output(), [this] { settle(); });
    if (watch) {
        write_watch_ = std::move(*watch);
        return;
    }
    // No descriptor is left to wait with, so nobody would ever come back to this client.
    log::warning("a QMP client was disconnected: no file descriptor is left");
    hang_up();
}

// One that has ended its half may still read; when both are closed, it does not. While its input is
// read, that tells.
void Connection::note_gone() {
    const bool is_read = reading_ && !input_ended_;
    if (!gone_ || draining_ || conversation_->in_flight() == 0 || (is_read && channel_.is_open())) {
        gone_watch_.reset();
        return;
    }
    if (!channel_.is_open()) {
        const auto gone = std::exchange(gone_, nullptr);
        gone();
    } else if (gone_watch_ == nullptr && !channel_.is_file()) {
        auto watch = loop_.watch_hang_up(channel_.input(), [this] {
            hang_up();
            settle();
        });
        if (watch) {
            gone_watch_ = std::move(*watch);
        }
    }
}

void Connection::hang_up() {
    read_watch_.reset();
    write_watch_.reset();
    gone_watch_.reset();
    unclaimed_timer_.reset();
    channel_.close();
    received_.clear();
    input_ended_ = true;
}

bool Connection::is_finished() const {
    if (draining_) {
        return !channel_.is_open() || conversation_->output().empty();
    }
    const bool may_follow = channel_.is_file() && channel_.is_open() && !conversation_->is_over();
    if (may_follow) {
        return false;
    }
    // A client that is gone leaves its requests behind; their replies are still to come back.
    const bool nothing_waits = conversation_->in_flight() == 0 && received_.empty();
    return input_ended_ && nothing_waits &&
           (!channel_.is_open() || conversation_->output().empty());
}

}  // namespace siskin::qmp
