// SPDX-License-Identifier: Apache-2.0
// StreamChardev.
#include "devices/chardev/stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

namespace siskin {
StreamChardev::StreamChardev(std::string id, EventLoop& loop, MachineLock& lock, EventFd wake)
    : Chardev(std::move(id)), loop_(loop), lock_(lock), wake_(std::move(wake)) {}

StreamChardev::~StreamChardev() {
    write_last();
}

void StreamChardev::write(std::span<const std::uint8_t> bytes) {
    ring_.push(bytes);
    kick();
}

void StreamChardev::accept_input() {
    if (input_paused_) {
        input_paused_ = false;
        kick();
    }
}

std::uint64_t StreamChardev::dropped_bytes() const {
    return ring_.dropped() + refused_;
}

void StreamChardev::drain(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (connected()) {
        const Pumped pumped = pump_output();
        if (pumped == Pumped::Empty) {
            return;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return;
        }
        if (pumped == Pumped::Blocked && connected()) {
            pollfd wait{output_.get(), POLLOUT, 0};
            [[maybe_unused]] const int ready = ::poll(&wait, 1, static_cast<int>(left.count()));
        }
    }
}

Result<> StreamChardev::start() {
    wake_watch_ = SISKIN_TRY(loop_.watch_readable(wake_.get(), [this] { on_wake(); }));
    return {};
}

Result<> StreamChardev::connect(Fd input, Fd output) {
    if (input.valid()) {
        auto watch = loop_.watch_readable(input.get(), [this] { on_readable(); });
        if (!watch) {
            // A file or /dev/null: epoll refuses what is always ready (epoll_ctl(2), EPERM).
            always_ready_ = SISKIN_TRY(EventFd::create());
            always_ready_->signal();
            watch = loop_.watch_readable(always_ready_->get(), [this] { on_readable(); });
        }
        read_watch_ = SISKIN_TRY(std::move(watch));
    }
    input_ = std::move(input);
    output_ = std::move(output);
    open_telnet();
    // What was kept for this reader.
    wake_.signal();
    return {};
}

void StreamChardev::disconnect() {
    end_input();
    write_watch_.reset();
    output_.reset();
}

Fd StreamChardev::release_connection() {
    read_watch_.reset();
    Fd input = std::move(input_);
    disconnect();
    return input;
}

void StreamChardev::write_last() {
    ssize_t written = 0;
    while (connected() && written >= 0) {
        if (outgoing_sent_ == outgoing_.size()) {
            take_output();
        }
        if (outgoing_.empty()) {
            return;
        }
        written = ::write(output_.get(), outgoing_.data() + outgoing_sent_,
                          outgoing_.size() - outgoing_sent_);
        outgoing_sent_ += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
}

// What the last peer has not got follows the opening. Of an escape, which is sent twice, it may
// have got the first half: then the next one gets both.
void StreamChardev::open_telnet() {
    if (!telnet_end_) {
        return;
    }
    telnet_reader_ = TelnetReader();
    const auto begin = outgoing_.begin();
    const auto data = begin + static_cast<std::ptrdiff_t>(opening_size_);
    auto unsent = begin + static_cast<std::ptrdiff_t>(std::max(opening_size_, outgoing_sent_));
    const auto escapes = std::count(data, unsent, static_cast<std::uint8_t>(kTelnetEscape));
    unsent -= escapes % 2;
    outgoing_.erase(begin, unsent);
    const std::string_view opening =
        *telnet_end_ == TelnetEnd::Server ? kTelnetOpening : std::string_view();
    outgoing_.insert(outgoing_.begin(), opening.begin(), opening.end());
    opening_size_ = opening.size();
    outgoing_sent_ = 0;
}

void StreamChardev::on_output_error(int error_number) {
    if (!error_logged_) {
        error_logged_ = true;
        log::warning(concat("chardev '", id(), "': output is lost: ", errno_text(error_number)));
    }
}

bool StreamChardev::has_front_end() {
    const MutexLock hold(lock_);
    return front_end() != nullptr;
}

void StreamChardev::kick() {
    if (!kicked_) {
        kicked_ = true;
        wake_.signal();
    }
}

void StreamChardev::on_wake() {
    [[maybe_unused]] const std::uint64_t count = wake_.take();
    bool resume = false;
    {
        const MutexLock hold(lock_);
        kicked_ = false;
        deliver_input();
        resume = !input_paused_;
    }
    if (resume && read_watch_ != nullptr) {
        read_watch_->resume();
    }
    write_out();
}

void StreamChardev::on_readable() {
    std::size_t room = 0;
    {
        const MutexLock hold(lock_);
        deliver_input();
        room = front_end() != nullptr ? front_end()->can_receive() : 0;
        input_paused_ = room == 0 || incoming_first_ != incoming_end_;
        if (input_paused_) {
            read_watch_->pause();
            return;
        }
    }
    const auto received = ::read(input_.get(), incoming_.data(), std::min(room, kInputChunk));
    if (received > 0) {
        incoming_first_ = 0;
        incoming_end_ = static_cast<std::size_t>(received);
        if (telnet_end_) {
            incoming_end_ =
                telnet_decode(telnet_reader_, std::span(incoming_).first(incoming_end_));
        }
        const MutexLock hold(lock_);
        deliver_input();
        return;
    }
    if (received == 0 || (errno != EAGAIN && errno != EINTR)) {
        end_input();
        on_input_end();
    }
}

void StreamChardev::end_input() {
    read_watch_.reset();
    always_ready_.reset();
    input_.reset();
}

// Under MachineLock. The front end may have lost room since the bytes were read; the rest waits.
void StreamChardev::deliver_input() {
    while (incoming_first_ != incoming_end_) {
        const std::size_t room = front_end() != nullptr ? front_end()->can_receive() : 0;
        const std::size_t count = std::min(room, incoming_end_ - incoming_first_);
        if (count == 0) {
            input_paused_ = true;
            return;
        }
        const std::span<const std::uint8_t> bytes(incoming_.data() + incoming_first_, count);
        incoming_first_ += count;
        front_end()->receive(bytes);
    }
}

// False when there is nothing to write.
bool StreamChardev::refill_outgoing() {
    if (outgoing_sent_ < outgoing_.size()) {
        return true;
    }
    const MutexLock hold(lock_);
    take_output();
    return !outgoing_.empty();
}

// Under MachineLock, or when nobody else uses the object any more.
void StreamChardev::take_output() {
    outgoing_.resize(std::min(ring_.size(), kOutputChunk));
    outgoing_.resize(ring_.pop(outgoing_));
    if (telnet_end_) {
        telnet_encode(outgoing_);
    }
    outgoing_sent_ = 0;
    opening_size_ = 0;
}

StreamChardev::Pumped StreamChardev::pump_output() {
    for (int chunk = 0; chunk < kChunksPerTurn; ++chunk) {
        if (!connected()) {
            return Pumped::Blocked;
        }
        if (!refill_outgoing()) {
            outgoing_ = {};
            outgoing_sent_ = 0;
            opening_size_ = 0;
            return Pumped::Empty;
        }
        const std::size_t left = outgoing_.size() - outgoing_sent_;
        const auto written = ::write(output_.get(), outgoing_.data() + outgoing_sent_, left);
        if (written >= 0) {
            outgoing_sent_ += static_cast<std::size_t>(written);
        } else if (errno == EAGAIN) {
            return Pumped::Blocked;
        } else if (errno != EINTR) {
            const int error_number = errno;
            outgoing_sent_ = outgoing_.size();
            {
                const MutexLock hold(lock_);
                refused_ += left;
            }
            on_output_error(error_number);
        }
    }
    return Pumped::Budget;
}

void StreamChardev::write_out() {
    const Pumped pumped = pump_output();
    if (pumped == Pumped::Budget) {
        wake_.signal();  // the other callbacks of the loop have their turn first
    }
    if (pumped != Pumped::Blocked || !connected()) {
        write_watch_.reset();
        return;
    }
    if (write_watch_ == nullptr) {
        auto watch = loop_.watch_writable(output_.get(), [this] { write_out(); });
        if (watch) {
            write_watch_ = std::move(*watch);
        } else {
            on_output_error(ENOMEM);  // kept; the next byte of the guest tries again
        }
    }
}

}  // namespace siskin
