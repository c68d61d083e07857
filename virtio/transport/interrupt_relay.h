// SPDX-License-Identifier: Apache-2.0
// InterruptRelay: from an I/O thread, which never takes MachineLock, to a level-triggered pin.
#pragma once

#include <functional>
#include <memory>

#include "base/bus/binding.h"
#include "base/bus/machine_lock.h"
#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"

namespace siskin {

// The seam. Thread: VM loop, under MachineLock.
class InterruptRelay {
public:
    virtual ~InterruptRelay() = default;
    // While the binding lives, a signal of `event`, by any thread, makes `relayed` run soon under
    // MachineLock; it takes the count. `event` outlives the binding.
    [[nodiscard]] virtual Result<std::unique_ptr<Binding>> watch(const EventFd& event,
                                                                 std::function<void()> relayed) = 0;
};

// On the VM loop. Bindings are destroyed on its thread.
class EventLoopInterruptRelay final : public InterruptRelay {
public:
    EventLoopInterruptRelay(EventLoop& loop, MachineLock& lock) : loop_(loop), lock_(lock) {}
    [[nodiscard]] Result<std::unique_ptr<Binding>> watch(const EventFd& event,
                                                         std::function<void()> relayed) override;

private:
    EventLoop& loop_;
    MachineLock& lock_;
};

}  // namespace siskin
