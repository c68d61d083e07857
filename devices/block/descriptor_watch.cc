// SPDX-License-Identifier: Apache-2.0
// DescriptorWatch.
#include "devices/block/descriptor_watch.h"

#include <cerrno>
#include <cstdint>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace siskin {

Result<DescriptorWatch> DescriptorWatch::create() {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = timer.get();
    if (!epoll.valid() || !timer.valid() ||
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, timer.get(), &event) != 0) {
        return fail_errno("could not create an epoll with a timer", errno);
    }
    return DescriptorWatch(std::move(epoll), std::move(timer));
}

void DescriptorWatch::follow(int descriptor, bool for_writing) {
    if (descriptor == descriptor_ && for_writing == for_writing_) {
        return;
    }
    const bool is_new = descriptor != descriptor_;
    if (is_new) {
        forget();
    }
    epoll_event event{};
    event.events = EPOLLIN | (for_writing ? EPOLLOUT : 0U);
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
    descriptor_ = descriptor;
    for_writing_ = for_writing;
}

void DescriptorWatch::forget() {
    if (descriptor_ >= 0) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor_, nullptr);
        descriptor_ = -1;
    }
}

void DescriptorWatch::set_timer(std::chrono::milliseconds interval) const {
    constexpr std::int64_t kSecond = 1000;
    itimerspec when{};
    when.it_value.tv_sec = interval.count() / kSecond;
    when.it_value.tv_nsec = interval.count() % kSecond * 1'000'000;
    when.it_interval = when.it_value;
    ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

bool DescriptorWatch::take_timer() const {
    std::uint64_t expirations = 0;
    return ::read(timer_.get(), &expirations, sizeof(expirations)) == sizeof(expirations);
}

}  // namespace siskin
