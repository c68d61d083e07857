// SPDX-License-Identifier: Apache-2.0
// Exit port (isa-debug-exit): a guest ends the process with a status of its choice.
// Models: a write of `value` ends with (value << 1) | 1; reads give 0.
// Left out: nothing.  Follows: QEMU's isa-debug-exit.
// Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>

#include "base/bus/io_handler.h"
#include "devices/platform/machine_requests.h"

namespace siskin {

class IsaDebugExit final : public IoHandler {
public:
    explicit IsaDebugExit(MachineRequests& requests) : requests_(requests) {}

    [[nodiscard]] std::uint64_t read(IoAccess) override { return 0; }
    void write(IoAccess, std::uint64_t value) override {
        // exit(3) keeps the low eight bits.
        requests_.request_debug_exit(static_cast<std::uint8_t>((value << 1U) | 1U));
    }

private:
    MachineRequests& requests_;
};

}  // namespace siskin
