// SPDX-License-Identifier: Apache-2.0
// IoLoop: the data plane's epoll loop; no allocation and no lock a turn.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// A descriptor's owner. Called on the loop's thread when the descriptor is readable.
class IoSource {
public:
    virtual ~IoSource() = default;
    virtual void on_ready() = 0;
};

// Called once after each turn, when all ready sources were called: where requests collected in the
// turn are submitted in one system call.
class IoTurnEnd {
public:
    virtual ~IoTurnEnd() = default;
    virtual void on_turn_end() = 0;
};

// Thread: all calls on the loop's own thread, or before it runs.
class IoLoop {
public:
    [[nodiscard]] static Result<IoLoop> create();

    // Both stay the caller's and outlive their registration; `source` may remove itself or others
    // inside on_ready.
    [[nodiscard]] Result<> add(int fd_number, IoSource& source);
    void remove(int fd_number, IoSource& source);
    void add_turn_end(IoTurnEnd& hook);
    void remove_turn_end(IoTurnEnd& hook);

    // Waits for at least one ready descriptor and calls its source, then the turn-end hooks.
    void run_one_turn();

private:
    static constexpr int kEventsPerTurnMax = 64;

    explicit IoLoop(Fd epoll) : epoll_(std::move(epoll)) {}

    Fd epoll_;
    std::vector<IoTurnEnd*> turn_ends_;  // null where one was removed in this turn
    std::vector<IoSource*> removed_;     // in this turn: their pending events are stale
};

}  // namespace siskin
