// SPDX-License-Identifier: Apache-2.0
// Platform real-time clock and CMOS memory (MC146818A) behind ports 0x70/0x71.
// Models: time of day in UTC, alarm, periodic and update interrupts, UIP, the divider, 128 bytes.
// Left out: daylight saving, square-wave output, NMI masking; the day of week follows the date.
// Follows: Motorola MC146818A data sheet; ACPI 6.4 §5.2.9 for CENTURY.
// Thread: any vCPU, under MachineLock.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bus/irq_line.h"
#include "base/result.h"
#include "base/units.h"
#include "devices/platform/byte_registers.h"
#include "devices/platform/clock.h"

namespace siskin {

class RtcCmos final : public ByteRegisters {
public:
    static constexpr std::uint16_t kPort = 0x70;
    static constexpr std::uint64_t kPortCount = 2;
    static constexpr std::size_t kSize = 128;

    // Both outlive it. Error: no timer.
    [[nodiscard]] static Result<std::unique_ptr<RtcCmos>> create(IrqLine& irq, Clock& clock);

    // Interrupts and flags off, 24-hour BCD mode. The time goes on and memory stays: a battery
    // feeds both.
    void reset();

    // Where firmware looks for the size of memory; `above_4g` is the part from 4 GiB on.
    void set_memory_size(ByteCount below_4g, ByteCount above_4g);
    // For firmware's other bytes, 0x0e to 0x7f but for the century; ignored elsewhere.
    void set_memory_byte(std::uint8_t index, std::uint8_t value);

private:
    // 1/32768 s, the oscillator's beat; rtc time since 1970.
    using Ticks = std::int64_t;

    RtcCmos(IrqLine& irq, Clock& clock) : irq_(irq), clock_(clock) {}

    [[nodiscard]] std::uint8_t read_byte(std::uint64_t offset) override;
    void write_byte(std::uint64_t offset, std::uint8_t value) override;
    [[nodiscard]] std::uint8_t read_register();
    void write_register(std::uint8_t value);
    void write_a(std::uint8_t value);
    void write_b(std::uint8_t value);

    [[nodiscard]] bool divider_runs() const;
    [[nodiscard]] bool updates() const;
    [[nodiscard]] Ticks time() const;
    void set_time(Ticks time);
    [[nodiscard]] std::optional<unsigned> period_shift() const;

    void time_to_registers();
    void registers_to_time();
    [[nodiscard]] std::uint8_t encode(int number) const;
    [[nodiscard]] int decode(std::uint8_t stored) const;
    [[nodiscard]] std::uint8_t encode_hour(int hour) const;
    [[nodiscard]] int decode_hour(std::uint8_t stored) const;
    [[nodiscard]] std::optional<std::int64_t> next_alarm(std::int64_t first_second) const;

    void catch_up();
    void update_irq();
    void arm_timer();

    IrqLine& irq_;
    Clock& clock_;
    std::unique_ptr<ClockTimer> timer_;
    std::uint8_t index_ = 0;
    std::array<std::uint8_t, kSize> bytes_{};  // the time's bytes are stale while it updates
    Ticks offset_ = 0;                         // of our time to UTC
    Ticks checked_ = 0;                        // up to here all flags are set
    bool irq_asserted_ = false;
};

}  // namespace siskin
