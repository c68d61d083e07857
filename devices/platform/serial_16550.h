// SPDX-License-Identifier: Apache-2.0
// Serial port (16550A UART): 8 ports over a Chardev.
// Models: all registers, FIFOs of 16, trigger levels, interrupt priorities, loopback, modem status.
// Left out: the speed of the line: a character is sent, and the time-out of four character times
// has passed, at once; parity, framing and break errors; OUT2 does not gate the interrupt.
// Follows: National Semiconductor PC16550D data sheet (1995), §8.
// Thread: any vCPU, under MachineLock; input comes on the VM loop's thread, under MachineLock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bus/irq_line.h"
#include "devices/chardev/chardev.h"
#include "devices/platform/byte_registers.h"

namespace siskin {

class Serial16550 final : public ByteRegisters, private ChardevFrontEnd {
public:
    static constexpr std::uint64_t kPortCount = 8;
    static constexpr std::size_t kFifoSize = 16;

    // `irq` outlives it.
    explicit Serial16550(IrqLine& irq);
    ~Serial16550() override;
    Serial16550(const Serial16550&) = delete;
    Serial16550& operator=(const Serial16550&) = delete;

    // The other end of the line, which outlives it; without one, output is lost and carrier is
    // down. Error: the chardev is in use.
    [[nodiscard]] Result<> connect(Chardev& chardev);

    // Power-on state (PC16550D table III, Master Reset); bytes not yet read are lost.
    void reset();

private:
    [[nodiscard]] std::uint8_t read_byte(std::uint64_t offset) override;
    void write_byte(std::uint64_t offset, std::uint8_t value) override;
    [[nodiscard]] std::size_t can_receive() const override;
    void receive(std::span<const std::uint8_t> bytes) override;

    [[nodiscard]] std::uint8_t read_receiver();
    [[nodiscard]] std::uint8_t read_interrupt_id();
    [[nodiscard]] std::uint8_t read_line_status();
    [[nodiscard]] std::uint8_t read_modem_status();
    void transmit(std::uint8_t byte);
    void write_interrupt_enable(std::uint8_t value);
    void write_fifo_control(std::uint8_t value);
    void write_modem_control(std::uint8_t value);

    [[nodiscard]] bool fifo_enabled() const;
    [[nodiscard]] bool loopback() const;
    [[nodiscard]] std::size_t capacity() const { return fifo_enabled() ? kFifoSize : 1; }
    [[nodiscard]] std::size_t trigger_level() const;
    [[nodiscard]] std::uint8_t modem_lines() const;
    [[nodiscard]] std::uint8_t interrupt_id() const;
    void put(std::uint8_t byte);
    void clear_receiver();
    void update_modem_lines();
    void update_irq();
    void invite_input();

    IrqLine& irq_;
    Chardev* chardev_ = nullptr;
    bool irq_asserted_ = false;

    std::array<std::uint8_t, kFifoSize> fifo_{};  // in FIFO mode and, its first place, without
    std::size_t fifo_first_ = 0;
    std::size_t fifo_count_ = 0;
    std::uint8_t last_received_ = 0;  // what an empty receiver buffer reads as
    std::uint16_t divisor_ = 0;
    std::uint8_t interrupt_enable_ = 0;
    std::uint8_t fifo_control_ = 0;
    std::uint8_t line_control_ = 0;
    std::uint8_t modem_control_ = 0;
    std::uint8_t modem_status_ = 0;
    std::uint8_t scratch_ = 0;
    bool overrun_ = false;
    bool transmitter_empty_pending_ = false;
};

}  // namespace siskin
