// SPDX-License-Identifier: Apache-2.0
// System control port A (0x92): fast A20 and fast reset.
// Models: bit 0, INIT_NOW: going from 0 to 1 resets; bit 1, ALT_A20_GATE, is remembered.
// Left out: an A20 that closes. A fast reset is a machine reset, not only INIT.
// Follows: Intel I/O Controller Hub 9 data sheet, §13.7.3.  Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>

#include "devices/platform/byte_registers.h"
#include "devices/platform/machine_requests.h"

namespace siskin {

class Port92 final : public ByteRegisters {
public:
    static constexpr std::uint16_t kPort = 0x92;
    static constexpr std::uint64_t kPortCount = 1;

    explicit Port92(MachineRequests& requests) : requests_(requests) {}

    void reset() { value_ = 0; }

private:
    static constexpr unsigned kInitNow = 0x01;
    static constexpr unsigned kA20 = 0x02;

    [[nodiscard]] std::uint8_t read_byte(std::uint64_t) override { return value_; }
    void write_byte(std::uint64_t, std::uint8_t value) override {
        const unsigned before = value_;
        value_ = static_cast<std::uint8_t>(value & (kInitNow | kA20));
        if ((value_ & ~before & kInitNow) != 0) {
            requests_.request_reset();
        }
    }

    MachineRequests& requests_;
    std::uint8_t value_ = 0;
};

}  // namespace siskin
