// SPDX-License-Identifier: Apache-2.0
// ExitDispatch: turns a vCPU's port and memory exits into accesses of the two address spaces.
#pragma once

#include "base/bus/address_space.h"
#include "vmm/kvm/exit.h"

namespace siskin {

// One a vCPU. Thread: that vCPU's.
class ExitDispatch {
public:
    ExitDispatch(const AddressSpace& ports, const AddressSpace& memory, MachineLock& lock)
        : ports_(ports, lock), memory_(memory, lock) {}

    // Reads fill the exit's data; the next run() hands it to the guest.
    void handle(const PortExit& exit);
    void handle(const MemoryExit& exit);

private:
    AddressSpaceReader ports_;
    AddressSpaceReader memory_;
};

}  // namespace siskin
