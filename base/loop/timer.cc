// SPDX-License-Identifier: Apache-2.0
// Timer over timerfd.
#include "base/loop/timer.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

namespace siskin {

Result<std::unique_ptr<Timer>> Timer::create(EventLoop& loop, std::function<void()> expired) {
    Fd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!fd.valid()) {
        return fail_errno("could not create a timer", errno);
    }
    std::unique_ptr<Timer> timer(new Timer(std::move(fd), std::move(expired)));
    timer->watch_ =
        SISKIN_TRY(loop.watch_readable(timer->fd_.get(), [&it = *timer] { it.on_readable(); }));
    return timer;
}

void Timer::arm(std::chrono::nanoseconds delay) const {
    // A value of zero would disarm it (timerfd_settime(2)).
    const auto ahead = std::max(delay, std::chrono::nanoseconds(1));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(ahead);
    itimerspec value{};
    value.it_value.tv_sec = seconds.count();
    value.it_value.tv_nsec = (ahead - seconds).count();
    [[maybe_unused]] const int status = ::timerfd_settime(fd_.get(), 0, &value, nullptr);
}

void Timer::disarm() const {
    const itimerspec never{};
    [[maybe_unused]] const int status = ::timerfd_settime(fd_.get(), 0, &never, nullptr);
}

void Timer::on_readable() const {
    std::uint64_t count = 0;
    // Nothing to read: it was set again or disarmed since it expired.
    if (::read(fd_.get(), &count, sizeof(count)) == static_cast<ssize_t>(sizeof(count))) {
        expired_();
    }
}

}  // namespace siskin
