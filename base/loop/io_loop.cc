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

void IoLoop::add_turn_end(IoTurnEnd& hook) {
    turn_ends_.push_back(&hook);
}

void IoLoop::remove_turn_end(IoTurnEnd& hook) {
    // Emptied, not erased: a hook removed by a hook must not make its neighbour miss the turn.
    std::replace(turn_ends_.begin(), turn_ends_.end(), &hook, static_cast<IoTurnEnd*>(nullptr));
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
    const bool polls = poll_time_.limits().max.count() != 0 && !pollers_.empty();
    const auto start =
        polls ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
    if (polls && look(start)) {
        if (++looks_in_a_row_ >= kLooksInARowMax) {
            looks_in_a_row_ = 0;
            call_ready_sources(0);
        }
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
    // By index: a hook may add another.
    for (std::size_t index = 0; index < turn_ends_.size(); ++index) {
        if (turn_ends_[index] != nullptr) {
            turn_ends_[index]->on_turn_end();
        }
    }
    std::erase(turn_ends_, nullptr);
}

}  // namespace siskin
