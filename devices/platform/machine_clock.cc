// SPDX-License-Identifier: Apache-2.0
// MachineClock.
#include "devices/platform/machine_clock.h"

#include <utility>

namespace siskin {
namespace {

std::chrono::nanoseconds host_now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

class MachineClock::TimerImpl final : public ClockTimer {
public:
    TimerImpl(MachineClock& clock, std::function<void()> expired)
        : clock_(clock), expired_(std::move(expired)) {
        clock_.timers_.push_back(this);
    }
    ~TimerImpl() override { std::erase(clock_.timers_, this); }
    TimerImpl(const TimerImpl&) = delete;
    TimerImpl& operator=(const TimerImpl&) = delete;

    [[nodiscard]] Result<> start() {
        timer_ = SISKIN_TRY(Timer::create(clock_.loop_, [this] { on_timer(); }));
        return {};
    }
    void arm(std::chrono::nanoseconds deadline) override {
        deadline_ = deadline;
        update();
    }
    void disarm() override {
        if (deadline_) {
            deadline_.reset();
            update();
        }
    }
    void update() const {
        if (deadline_ && clock_.running_) {
            timer_->arm(*deadline_ - clock_.now());
        } else {
            timer_->disarm();
        }
    }

private:
    void on_timer() {
        const MutexLock hold(clock_.lock_);
        // Another thread may have moved or stopped it while this one waited for the lock.
        if (!deadline_ || !clock_.running_) {
            return;
        }
        if (clock_.now() < *deadline_) {
            update();
            return;
        }
        deadline_.reset();
        expired_();
    }

    MachineClock& clock_;
    std::function<void()> expired_;
    std::unique_ptr<Timer> timer_;
    std::optional<std::chrono::nanoseconds> deadline_;
};

MachineClock::MachineClock(EventLoop& loop, MachineLock& lock)
    : loop_(loop), lock_(lock), running_(host_now()) {}

std::chrono::nanoseconds MachineClock::now() const {
    return running_ ? before_ + (host_now() - *running_) : before_;
}

std::chrono::nanoseconds MachineClock::utc() const {
    return std::chrono::system_clock::now().time_since_epoch();
}

Result<std::unique_ptr<ClockTimer>> MachineClock::make_timer(std::function<void()> expired) {
    auto timer = std::make_unique<TimerImpl>(*this, std::move(expired));
    SISKIN_TRY(timer->start());
    return std::unique_ptr<ClockTimer>(std::move(timer));
}

void MachineClock::pause() {
    before_ = now();
    running_.reset();
    for (const TimerImpl* const timer : timers_) {
        timer->update();
    }
}

void MachineClock::resume() {
    if (!running_) {
        running_ = host_now();
    }
    for (const TimerImpl* const timer : timers_) {
        timer->update();
    }
}

}  // namespace siskin
