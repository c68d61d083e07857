// SPDX-License-Identifier: Apache-2.0
// A level-triggered interrupt input of the interrupt controller, as a device sees it.
#pragma once

namespace siskin {

// Called under MachineLock. An edge is set(true) followed by set(false).
class IrqLine {
public:
    virtual ~IrqLine() = default;
    virtual void set(bool asserted) = 0;
};

}  // namespace siskin
