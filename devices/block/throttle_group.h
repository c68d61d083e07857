// SPDX-License-Identifier: Apache-2.0
// ThrottleGroup: limits that several disks share, and whose turn it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/mutex.h"
#include "base/result.h"
#include "devices/block/throttle_state.h"

namespace siskin {

// A disk in a group: woken by its timer when it may ask again. Its fields are the group's.
class ThrottleMember {
public:
    [[nodiscard]] static Result<Fd> create_timer();
    explicit ThrottleMember(Fd timer) : timer_(std::move(timer)) {}

    [[nodiscard]] const Fd& timer() const { return timer_; }

private:
    friend class ThrottleGroup;
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};

    Fd timer_;  // timerfd(2), CLOCK_MONOTONIC
    std::array<bool, 2> waits_{};
    std::array<std::uint64_t, 2> tickets_{};
    std::array<std::uint64_t, 2> deadlines_{kNever, kNever};
};

// Any thread. One mutex, held for some tens of instructions, and taken only for requests of disks
// that have a limit. Members take turns, one request each; reads and writes wait in lines of their
// own, and where both could go, who came first goes.
class ThrottleGroup {
public:
    explicit ThrottleGroup(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] ThrottleLimits limits() const SISKIN_EXCLUDES(mutex_);
    // The limits were checked. Those who wait ask again.
    void configure(const ThrottleLimits& limits) SISKIN_EXCLUDES(mutex_);

    void join(ThrottleMember& member) SISKIN_EXCLUDES(mutex_);
    // Waits for nothing any more.
    void leave(ThrottleMember& member) SISKIN_EXCLUDES(mutex_);

    // Whether the member's next request in this direction may go; then it counts. If not, the
    // member's timer runs out when it may ask again.
    [[nodiscard]] bool admit(ThrottleMember& member, bool is_write, std::uint64_t size)
        SISKIN_EXCLUDES(mutex_);
    // A request goes without having waited, and those behind it pay.
    void account(bool is_write, std::uint64_t size) SISKIN_EXCLUDES(mutex_);
    // The member has nothing to ask for in this direction any more.
    void withdraw(ThrottleMember& member, bool is_write) SISKIN_EXCLUDES(mutex_);

    // Whether there is a ThrottleGroupUse. VM loop.
    [[nodiscard]] bool is_used() const { return uses_ != 0; }

private:
    friend class ThrottleGroupUse;
    using Line = std::vector<ThrottleMember*>;

    void wait_in_line(ThrottleMember& member, bool is_write) SISKIN_REQUIRES(mutex_);
    void leave_line(ThrottleMember& member, bool is_write) SISKIN_REQUIRES(mutex_);
    void arm(ThrottleMember& member, bool is_write, std::uint64_t deadline_ns)
        SISKIN_REQUIRES(mutex_);
    void arm_heads(std::uint64_t now_ns) SISKIN_REQUIRES(mutex_);

    const std::string name_;
    mutable Mutex mutex_;
    ThrottleState state_ SISKIN_GUARDED_BY(mutex_);
    std::array<Line, 2> lines_ SISKIN_GUARDED_BY(mutex_);  // room for all members
    std::size_t members_ SISKIN_GUARDED_BY(mutex_) = 0;
    std::uint64_t next_ticket_ SISKIN_GUARDED_BY(mutex_) = 1;
    std::size_t uses_ = 0;  // the VM loop's
};

// What a disk or a node has of its group, or nothing. Engines leave the group when their threads
// get to it; who uses it no more says so by this at once. Thread: VM loop, under MachineLock.
class ThrottleGroupUse {
public:
    ThrottleGroupUse() = default;
    explicit ThrottleGroupUse(std::shared_ptr<ThrottleGroup> group);
    ~ThrottleGroupUse();
    ThrottleGroupUse(ThrottleGroupUse&& other) noexcept : group_(std::move(other.group_)) {}
    ThrottleGroupUse& operator=(ThrottleGroupUse&& other) noexcept {
        std::swap(group_, other.group_);
        return *this;
    }
    ThrottleGroupUse(const ThrottleGroupUse&) = delete;
    ThrottleGroupUse& operator=(const ThrottleGroupUse&) = delete;

    // Null: there is none.
    [[nodiscard]] const std::shared_ptr<ThrottleGroup>& group() const { return group_; }

private:
    std::shared_ptr<ThrottleGroup> group_;
};

}  // namespace siskin
