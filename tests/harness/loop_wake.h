// SPDX-License-Identifier: Apache-2.0
// LoopWake: makes a turn of an IoLoop happen, for what a test did outside of one.
#pragma once

#include "base/fd.h"
#include "base/loop/io_loop.h"
#include "base/result.h"

namespace siskin::test {

// Thread: the loop's.
class LoopWake final : public IoSource {
public:
    explicit LoopWake(IoLoop& loop) : loop_(loop) {
        SISKIN_ASSERT(loop_.add(event_.get(), *this).has_value());
    }
    ~LoopWake() override { loop_.remove(event_.get(), *this); }
    LoopWake(const LoopWake&) = delete;
    LoopWake& operator=(const LoopWake&) = delete;

    // The next turn does not wait.
    void wake() { event_.signal(); }

private:
    void on_ready() override { [[maybe_unused]] const auto count = event_.take(); }

    IoLoop& loop_;
    EventFd event_ = *EventFd::create();
};

}  // namespace siskin::test
