// SPDX-License-Identifier: Apache-2.0
// ACPI fixed hardware: PM1a event and control registers, PM timer, GPE0 block; 128 ports.
// Models: power button, S5, PM timer with its overflow status, 64 general-purpose events, the SCI.
// Left out: SMI and its registers (the machine is in ACPI mode from the start), S1 to S4, sleep
// button, RTC wake, P_BLK, TCO, legacy bus-master and global-lock events.
// Follows: ACPI 6.4 §4.8.3, §4.8.4; offsets of Intel I/O Controller Hub 9, §13.8.3.
// Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bus/io_handler.h"
#include "base/bus/irq_line.h"
#include "base/registers.h"
#include "base/result.h"
#include "devices/platform/clock.h"
#include "devices/platform/machine_requests.h"

namespace siskin {

class AcpiPm final : public IoHandler {
public:
    static constexpr std::uint64_t kPortCount = 128;
    static constexpr unsigned kGpeCount = 64;
    // SLP_TYP of S5 in the DSDT's \_S5 (0, as firmware for QEMU's q35 expects).
    static constexpr unsigned kSleepTypeS5 = 0;

    // ACPI 6.4 §5.2.9: TMR_VAL_EXT tells the guest.
    enum class TimerWidth { Bits24, Bits32 };

    // All outlive it; `sci` is level-triggered, GSI 9. Error: no timer.
    [[nodiscard]] static Result<std::unique_ptr<AcpiPm>> create(
        IrqLine& sci, Clock& clock, MachineRequests& requests,
        TimerWidth width = TimerWidth::Bits24);

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess access, std::uint64_t value) override;

    void reset();

    // Somebody pressed the power button: the guest decides what follows.
    void press_power_button();
    // A general-purpose event happened. `number` below kGpeCount, others are ignored.
    void raise_gpe(unsigned number);

private:
    AcpiPm(IrqLine& sci, Clock& clock, MachineRequests& requests, TimerWidth width);

    [[nodiscard]] std::uint64_t timer_ticks() const;
    void catch_up();
    void update();
    void enter_sleep(unsigned sleep_type);

    IrqLine& sci_;
    Clock& clock_;
    MachineRequests& requests_;
    const unsigned timer_bits_;
    std::unique_ptr<ClockTimer> overflow_;
    RegisterBlock registers_{kPortCount};
    std::uint64_t checked_ticks_ = 0;  // up to here TMR_STS is right
    bool sci_asserted_ = false;
};

}  // namespace siskin
