// SPDX-License-Identifier: Apache-2.0
// Keyboard controller (8042) behind ports 0x60 and 0x64, without keyboard and mouse.
// Models: status, command byte, self test, output port with A20, reset by 0xfe; what an operating
// system's probe waits for is answered at once.
// Left out: keyboard, mouse, interrupts, translation. A20 is only remembered: it is always open.
// Follows: IBM PS/2 Technical Reference, keyboard and auxiliary device controller.
// Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>

#include "devices/platform/byte_registers.h"
#include "devices/platform/machine_requests.h"

namespace siskin {

// One region of five ports, of which the board maps two: kDataPort at offset 0, kCommandPort at 4.
class I8042 final : public ByteRegisters {
public:
    static constexpr std::uint16_t kDataPort = 0x60;
    static constexpr std::uint16_t kCommandPort = 0x64;

    explicit I8042(MachineRequests& requests) : requests_(requests) {}

    void reset();
    [[nodiscard]] bool a20_open() const { return (output_port_ & kOutputA20) != 0; }

private:
    static constexpr std::uint8_t kOutputNoReset = 0x01;
    static constexpr std::uint8_t kOutputA20 = 0x02;
    static constexpr std::uint8_t kOutputAtReset = 0xc0 | kOutputNoReset | kOutputA20;
    static constexpr std::uint8_t kConfigAtReset = 0x30;  // both ports off, no interrupts

    [[nodiscard]] std::uint8_t read_byte(std::uint64_t offset) override;
    void write_byte(std::uint64_t offset, std::uint8_t value) override;
    void command(std::uint8_t value);
    void data(std::uint8_t value);
    void answer(std::uint8_t value, std::uint8_t status = 0);
    void write_output_port(std::uint8_t value);

    MachineRequests& requests_;
    std::uint8_t output_ = 0;         // the byte to be read at the data port
    std::uint8_t output_status_ = 0;  // status bits that come with it; 0: none is there
    std::uint8_t waiting_ = 0;        // the command whose parameter comes next, or 0
    std::uint8_t config_ = kConfigAtReset;
    std::uint8_t output_port_ = kOutputAtReset;
    bool self_tested_ = false;
    bool last_was_command_ = false;
};

}  // namespace siskin
