// SPDX-License-Identifier: Apache-2.0
// MachineRequests: what a platform device asks of the machine on the guest's behalf.
#pragma once

#include <cstdint>

namespace siskin {

// Called by any vCPU, under MachineLock, as often as a hostile guest likes. A request is only noted
// (one of a kind at most) and carried out by the VM loop when the vCPUs are out of the guest.
class MachineRequests {
public:
    virtual ~MachineRequests() = default;

    // Keyboard controller, reset control register, port 0x92: QMP's reason "guest-reset".
    virtual void request_reset() = 0;
    // ACPI S5: QMP's reason "guest-shutdown".
    virtual void request_shutdown() = 0;
    // isa-debug-exit: the process ends with this exit status, always odd.
    virtual void request_debug_exit(std::uint8_t status) = 0;
};

}  // namespace siskin
