// SPDX-License-Identifier: Apache-2.0
// Message-signalled interrupts as a seam: irqfd in the kernel, a recorder in tests.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bus/binding.h"
#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// One memory write that is an interrupt (PCIe 5.0 §6.1.4).
struct MsiMessage {
    std::uint64_t address = 0;
    std::uint32_t data = 0;

    friend bool operator==(const MsiMessage&, const MsiMessage&) = default;
};

// Where messages go. Thread: under MachineLock; the bound EventFd may be signalled by any thread.
class MsiTarget {
public:
    virtual ~MsiTarget() = default;

    // While the binding lives, each signal of `event` sends `message` without a thread of ours.
    // A count already in `event` is not drained (see docs/design.md, irqfd).
    // Errors: no route or descriptor left in the kernel.
    [[nodiscard]] virtual Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                                MsiMessage message) = 0;
    // Sends once, now.
    virtual void send(MsiMessage message) = 0;
};

}  // namespace siskin
