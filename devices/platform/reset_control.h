// SPDX-License-Identifier: Apache-2.0
// Reset control register (RST_CNT), port 0xcf9: the FADT's reset register.
// Models: SYS_RST, RST_CPU, FULL_RST. A machine reset is always a full one.
// Left out: the difference of INIT, hard and power-cycle reset.
// Follows: Intel I/O Controller Hub 9 data sheet, §13.7.5.  Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>

#include "base/bus/io_handler.h"
#include "devices/platform/machine_requests.h"

namespace siskin {

class ResetControl final : public IoHandler {
public:
    static constexpr std::uint16_t kPort = 0xcf9;  // inside the PCI configuration ports

    explicit ResetControl(MachineRequests& requests) : requests_(requests) {}

    [[nodiscard]] std::uint64_t read(IoAccess access) override {
        return access.width == 1 ? value_ : ~std::uint64_t{0};
    }
    // Byte accesses alone; wider ones at 0xcf8 are CONFIG_ADDRESS (PCI Local Bus 3.0 §3.2.2.3.2).
    void write(IoAccess access, std::uint64_t value) override {
        if (access.width != 1) {
            return;
        }
        const std::uint64_t before = value_;
        value_ = static_cast<std::uint8_t>(value & kStored);
        // Only RST_CPU going from 0 to 1 resets.
        if ((value_ & ~before & kResetCpu) != 0) {
            requests_.request_reset();
        }
    }

    void reset() { value_ = 0; }

private:
    static constexpr std::uint64_t kResetCpu = 0x04;
    static constexpr std::uint64_t kStored = 0x0e;  // SYS_RST, RST_CPU, FULL_RST

    MachineRequests& requests_;
    std::uint8_t value_ = 0;
};

}  // namespace siskin
