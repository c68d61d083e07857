// SPDX-License-Identifier: Apache-2.0
// IoLoop over epoll.
#include "base/loop/io_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>

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

void IoLoop::run_one_turn() {
    std::array<epoll_event, kEventsPerTurnMax> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurnMax, -1);
    removed_.clear();
    for (int index = 0; index < count; ++index) {
        auto* const source =
            static_cast<IoSource*>(events[static_cast<std::size_t>(index)].data.ptr);
        if (std::find(removed_.begin(), removed_.end(), source) == removed_.end()) {
            source->on_ready();
        }
    }
    // By index: a hook may add another.
    for (std::size_t index = 0; index < turn_ends_.size(); ++index) {
        if (turn_ends_[index] != nullptr) {
            turn_ends_[index]->on_turn_end();
        }
    }
    std::erase(turn_ends_, nullptr);
}

}  // namespace siskin
