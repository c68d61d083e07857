// SPDX-License-Identifier: Apache-2.0
// IoLoop over epoll.
#include "base/loop/io_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>

namespace siskin {

Result<IoLoop> IoLoop::create() {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.valid()) {
        return fail_errno("could not create an epoll instance", errno);
    }
    return IoLoop(std::move(epoll));
}

Result<> IoLoop::add(int fd_number, IoSource& source) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &source;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd_number, &event) != 0) {
        return fail_errno("could not watch a file descriptor", errno);
    }
    // The object may stand where one removed in this very turn stood.
    std::erase(removed_, &source);
    return {};
}

void IoLoop::remove(int fd_number, IoSource& source) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd_number, nullptr);
    removed_.push_back(&source);
}

void IoTurnEndList::push(IoTurnEnd& hook) {
    hook.next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = &hook;
    last_ = &hook;
}

IoTurnEnd* IoTurnEndList::pop() {
    IoTurnEnd* const hook = first_;
    if (hook != nullptr) {
        first_ = hook->next_;
    }
    return hook;
}

void IoTurnEndList::remove(IoTurnEnd& hook) {
    IoTurnEnd* before = nullptr;
    for (IoTurnEnd* at = first_; at != nullptr; before = at, at = at->next_) {
        if (at == &hook) {
            (before == nullptr ? first_ : before->next_) = at->next_;
            last_ = last_ == at ? before : last_;
            return;
        }
    }
}

void IoLoop::want_turn_end(IoTurnEnd& hook) {
    if (!std::exchange(hook.is_wanted_, true)) {
        const bool was_called = is_at_turn_end_ && hook.turn_ == turn_;
        (was_called ? next_turn_ends_ : turn_ends_).push(hook);
    }
}

void IoLoop::forget_turn_end(IoTurnEnd& hook) {
    if (std::exchange(hook.is_wanted_, false)) {
        turn_ends_.remove(hook);
        next_turn_ends_.remove(hook);
    }
}

void IoLoop::add_poller(IoPoller& poller) {
    pollers_.push_back(&poller);
    if (is_looking_) {
        poller.begin_polling();
    }
}

void IoLoop::remove_poller(IoPoller& poller) {
    const auto found = std::find(pollers_.begin(), pollers_.end(), &poller);
    if (found == pollers_.end()) {
        return;
    }
    *found = nullptr;
    if (is_looking_) {
        poller.end_polling();
    }
}

void IoLoop::run_one_turn() {
    const bool waits = turn_ends_.empty();
    const bool polls = waits && poll_time_.limits().max.count() != 0 && !pollers_.empty();
    const auto start =
        polls ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
    if (polls && look(start)) {
        if (++looks_in_a_row_ >= kLooksInARowMax) {
            looks_in_a_row_ = 0;
            call_ready_sources(0);
        }
    } else if (!waits) {
        call_ready_sources(0);
    } else {
        looks_in_a_row_ = 0;
        stop_looking();
        call_ready_sources(-1);
        if (polls) {
            poll_time_.on_event_after(std::chrono::steady_clock::now() - start);
        }
    }
    call_turn_ends();
    std::erase(pollers_, nullptr);
}

std::uint64_t IoLoop::now_ns() {
    if (now_ns_ == 0) {
        now_ns_ = static_cast<std::uint64_t>(
            std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
    }
    return now_ns_;
}

bool IoLoop::look(std::chrono::steady_clock::time_point start) {
    if (poll_time_.now().count() == 0) {
        return false;
    }
    if (!std::exchange(is_looking_, true)) {
        for (std::size_t index = 0; index < pollers_.size(); ++index) {
            if (pollers_[index] != nullptr) {
                pollers_[index]->begin_polling();
            }
        }
    }
    bool found = false;
    do {
        forget_time();
        // By index: one may add or remove another.
        for (std::size_t index = 0; index < pollers_.size(); ++index) {
            if (pollers_[index] != nullptr) {
                found = pollers_[index]->poll() || found;
            }
        }
    } while (!found && std::chrono::steady_clock::now() - start < poll_time_.now());
    return found;
}

void IoLoop::stop_looking() {
    if (!std::exchange(is_looking_, false)) {
        return;
    }
    for (std::size_t index = 0; index < pollers_.size(); ++index) {
        if (pollers_[index] != nullptr) {
            pollers_[index]->end_polling();
        }
    }
}

void IoLoop::call_ready_sources(int timeout_ms) {
    std::array<epoll_event, kEventsPerTurnMax> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurnMax, timeout_ms);
    forget_time();
    removed_.clear();
    for (int index = 0; index < count; ++index) {
        auto* const source =
            static_cast<IoSource*>(events[static_cast<std::size_t>(index)].data.ptr);
        if (std::find(removed_.begin(), removed_.end(), source) == removed_.end()) {
            source->on_ready();
        }
    }
}

void IoLoop::call_turn_ends() {
    ++turn_;
    is_at_turn_end_ = true;
    while (IoTurnEnd* const hook = turn_ends_.pop()) {
        hook->is_wanted_ = false;
        hook->turn_ = turn_;
        hook->on_turn_end();
    }
    is_at_turn_end_ = false;
    turn_ends_ = std::exchange(next_turn_ends_, IoTurnEndList());
}

}  // namespace siskin
