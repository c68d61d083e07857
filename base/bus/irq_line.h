// SPDX-License-Identifier: Apache-2.0
// A level-triggered interrupt input of the interrupt controller, as a device sees it.
#pragma once

#include <memory>

#include "base/bus/binding.h"
#include "base/fd.h"
#include "base/result.h"

namespace siskin {

// Called under MachineLock. An edge is set(true) followed by set(false).
class IrqLine {
public:
    IrqLine() = default;
    virtual ~IrqLine() = default;
    IrqLine(const IrqLine&) = delete;
    IrqLine& operator=(const IrqLine&) = delete;

    virtual void set(bool asserted) = 0;

    // While the binding lives, each signal of `asserted`, by any thread, asserts the input until
    // the guest's next end of interrupt there, without a thread of ours; that lets all bindings of
    // the input go and signals `ended` of each, so that whoever still needs it signals again. What
    // set() asserts counts besides, and is not let go. Undoing the binding lets the input go, if no
    // other one is left. A count that is in `asserted` already may or may not assert.
    // Error: the input has no such way, no descriptor left.
    [[nodiscard]] virtual Result<std::unique_ptr<Binding>> bind(const EventFd& /*asserted*/,
                                                                const EventFd& /*ended*/) {
        return fail("this interrupt input cannot be asserted by an event");
    }
};

}  // namespace siskin
