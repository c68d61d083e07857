// SPDX-License-Identifier: Apache-2.0
// IoLoop: the data plane's epoll loop, which may look for work before it waits for it; no
// allocation and no lock a turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/loop/poll_time.h"
#include "base/result.h"

namespace siskin {

// A descriptor's owner. Called on the loop's thread when the descriptor is readable.
class IoSource {
public:
    virtual ~IoSource() = default;
    virtual void on_ready() = 0;
};

class IoLoop;

// Called at the end of a turn in which it was wanted, when all ready sources were called: where
// requests collected in the turn are submitted in one system call.
class IoTurnEnd {
public:
    virtual ~IoTurnEnd() = default;
    virtual void on_turn_end() = 0;

private:
    friend class IoTurnEndList;
    friend class IoLoop;
    IoTurnEnd* next_ = nullptr;
    std::uint64_t turn_ = 0;  // in which it was called last
    bool is_wanted_ = false;
};

// In the order in which they were wanted; linked, so that nothing is allocated.
class IoTurnEndList {
public:
    void push(IoTurnEnd& hook);
    void remove(IoTurnEnd& hook);
    [[nodiscard]] IoTurnEnd* pop();
    [[nodiscard]] bool empty() const { return first_ == nullptr; }

private:
    IoTurnEnd* first_ = nullptr;
    IoTurnEnd* last_ = nullptr;
};

// Something that the loop can see without a system call. Called between begin_polling() and
// end_polling() as often as the loop looks.
class IoPoller {
public:
    virtual ~IoPoller() = default;
    // The loop looks from here on: who would signal a descriptor need not.
    virtual void begin_polling() = 0;
    // Does what there is to do. False: there was nothing.
    virtual bool poll() = 0;
    // The loop is about to wait: signals are wanted again. What came meanwhile, and was not seen,
    // is signalled here.
    virtual void end_polling() = 0;
};

// Thread: all calls on the loop's own thread, or before it runs.
class IoLoop {
public:
    [[nodiscard]] static Result<IoLoop> create();

    // Both stay the caller's and outlive their registration; `source` may remove itself or others
    // inside on_ready.
    [[nodiscard]] Result<> add(int fd_number, IoSource& source);
    void remove(int fd_number, IoSource& source);
    // It is called once at the end of this turn, also where other hooks want it; of the next one
    // where it was called in this turn already, and then that turn does not wait. So hundreds of
    // idle devices cost a turn nothing.
    void want_turn_end(IoTurnEnd& hook);
    void forget_turn_end(IoTurnEnd& hook);
    // begin_polling() and end_polling() are called as the loop does or does not look just now.
    void add_poller(IoPoller& poller);
    void remove_poller(IoPoller& poller);

    // CLOCK_MONOTONIC in nanoseconds, as it was when it was first asked for since the loop waited,
    // or since forget_time(): a turn has one time for all that it begins.
    [[nodiscard]] std::uint64_t now_ns();
    // What has just been done took time.
    void forget_time() { now_ns_ = 0; }

    // From the next turn on.
    void set_poll_limits(const PollLimits& limits) { poll_time_ = PollTime(limits); }
    [[nodiscard]] const PollLimits& poll_limits() const { return poll_time_.limits(); }

    // Calls the pollers for as long as was learned, until one finds something; where none does,
    // waits for at least one ready descriptor and calls its source. Then the turn-end hooks that
    // are wanted.
    void run_one_turn();

private:
    static constexpr int kEventsPerTurnMax = 64;
    // Turns that find something by looking, until the descriptors have theirs, too.
    static constexpr unsigned kLooksInARowMax = 16;

    [[nodiscard]] bool look(std::chrono::steady_clock::time_point start);
    void stop_looking();
    void call_ready_sources(int timeout_ms);
    void call_turn_ends();

    explicit IoLoop(Fd epoll) : epoll_(std::move(epoll)) {}

    Fd epoll_;
    IoTurnEndList turn_ends_;
    IoTurnEndList next_turn_ends_;    // wanted once more while turn_ends_ were called
    std::vector<IoSource*> removed_;  // in this turn: their pending events are stale
    std::vector<IoPoller*> pollers_;  // null where one was removed in this turn
    std::uint64_t turn_ = 0;
    std::uint64_t now_ns_ = 0;  // 0: to be asked for
    bool is_at_turn_end_ = false;
    PollTime poll_time_;
    bool is_looking_ = false;
    unsigned looks_in_a_row_ = 0;
};

}  // namespace siskin
