// SPDX-License-Identifier: Apache-2.0
// ThrottleGroup.
#include "devices/block/throttle_group.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <sys/timerfd.h>

namespace siskin {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::uint64_t now() {
    timespec time{};
    [[maybe_unused]] const int status = ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * kSecond +
           static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

Result<Fd> ThrottleMember::create_timer() {
    Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer.valid()) {
        return fail_errno("could not create a timer", errno);
    }
    return timer;
}

ThrottleLimits ThrottleGroup::limits() const {
    const MutexLock hold(mutex_);
    return state_.limits();
}

void ThrottleGroup::configure(const ThrottleLimits& limits) {
    const MutexLock hold(mutex_);
    const std::uint64_t now_ns = now();
    state_.configure(limits, now_ns);
    arm_heads(now_ns);
}

void ThrottleGroup::join(ThrottleMember&) {
    const MutexLock hold(mutex_);
    ++members_;
    for (Line& line : lines_) {
        line.reserve(members_);
    }
}

void ThrottleGroup::leave(ThrottleMember& member) {
    const MutexLock hold(mutex_);
    --members_;
    leave_line(member, false);
    leave_line(member, true);
    arm_heads(now());
}

bool ThrottleGroup::admit(ThrottleMember& member, bool is_write, std::uint64_t size) {
    const MutexLock hold(mutex_);
    const std::uint64_t now_ns = now();
    const std::size_t own = is_write ? 1 : 0;
    member.deadlines_[own] = ThrottleMember::kNever;  // it asks now
    const Line& line = lines_[own];
    if (!line.empty() && line.front() != &member) {
        wait_in_line(member, is_write);
        return false;
    }
    if (const std::uint64_t wait = state_.wait_ns(is_write, now_ns); wait != 0) {
        wait_in_line(member, is_write);
        arm(member, is_write, now_ns + wait);
        return false;
    }
    const Line& other = lines_[is_write ? 0 : 1];
    const std::uint64_t ticket = member.waits_[own] ? member.tickets_[own] : next_ticket_;
    if (!other.empty() && other.front()->tickets_[1 - own] < ticket &&
        state_.wait_ns(!is_write, now_ns) == 0) {
        wait_in_line(member, is_write);
        arm(*other.front(), !is_write, now_ns);
        return false;
    }
    state_.account(is_write, size, now_ns);
    leave_line(member, is_write);
    arm_heads(now_ns);
    return true;
}

void ThrottleGroup::account(bool is_write, std::uint64_t size) {
    const MutexLock hold(mutex_);
    state_.account(is_write, size, now());
}

void ThrottleGroup::withdraw(ThrottleMember& member, bool is_write) {
    const MutexLock hold(mutex_);
    leave_line(member, is_write);
    arm_heads(now());
}

void ThrottleGroup::wait_in_line(ThrottleMember& member, bool is_write) {
    const std::size_t own = is_write ? 1 : 0;
    if (!member.waits_[own]) {
        member.waits_[own] = true;
        member.tickets_[own] = next_ticket_++;
        lines_[own].push_back(&member);
    }
}

void ThrottleGroup::leave_line(ThrottleMember& member, bool is_write) {
    const std::size_t own = is_write ? 1 : 0;
    if (member.waits_[own]) {
        std::erase(lines_[own], &member);
    }
    member.waits_[own] = false;
    member.deadlines_[own] = ThrottleMember::kNever;
}

void ThrottleGroup::arm(ThrottleMember& member, bool is_write, std::uint64_t deadline_ns) {
    member.deadlines_[is_write ? 1 : 0] = deadline_ns;
    const std::uint64_t first = std::max<std::uint64_t>(
        1, std::min(member.deadlines_[0], member.deadlines_[1]));  // 0 would disarm it
    itimerspec value{};
    value.it_value.tv_sec = static_cast<time_t>(first / kSecond);
    value.it_value.tv_nsec = static_cast<long>(first % kSecond);
    [[maybe_unused]] const int status =
        ::timerfd_settime(member.timer_.get(), TFD_TIMER_ABSTIME, &value, nullptr);
}

void ThrottleGroup::arm_heads(std::uint64_t now_ns) {
    for (const bool is_write : {false, true}) {
        const Line& line = lines_[is_write ? 1 : 0];
        if (!line.empty()) {
            arm(*line.front(), is_write, now_ns + state_.wait_ns(is_write, now_ns));
        }
    }
}

ThrottleGroupUse::ThrottleGroupUse(std::shared_ptr<ThrottleGroup> group)
    : group_(std::move(group)) {
    if (group_ != nullptr) {
        ++group_->uses_;
    }
}

ThrottleGroupUse::~ThrottleGroupUse() {
    if (group_ != nullptr) {
        --group_->uses_;
    }
}

}  // namespace siskin
