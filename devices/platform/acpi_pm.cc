// SPDX-License-Identifier: Apache-2.0
// ACPI fixed hardware.
#include "devices/platform/acpi_pm.h"

namespace siskin {
namespace {

constexpr std::size_t kPm1Status = 0x00;
constexpr std::size_t kPm1Enable = 0x02;
constexpr std::size_t kPm1Control = 0x04;
constexpr std::size_t kPmTimer = 0x08;
constexpr std::size_t kGpe0Status = 0x20;
constexpr std::size_t kGpe0Enable = 0x28;
constexpr unsigned kGpe0Bytes = AcpiPm::kGpeCount / 8;

// PM1 status and enable, ACPI 6.4 §4.8.3.1 tables 4.11 and 4.12.
constexpr std::uint64_t kTimerBit = 0x0001;
constexpr std::uint64_t kGlobalBit = 0x0020;
constexpr std::uint64_t kPowerButtonBit = 0x0100;
constexpr std::uint64_t kSleepButtonBit = 0x0200;
constexpr std::uint64_t kRtcBit = 0x0400;
constexpr std::uint64_t kWakeBit = 0x8000;
constexpr std::uint64_t kBusMasterBit = 0x0010;
constexpr std::uint64_t kEventBits =
    kTimerBit | kGlobalBit | kPowerButtonBit | kSleepButtonBit | kRtcBit;

// PM1 control, §4.8.3.2 table 4.13.
constexpr std::uint64_t kSciEnable = 0x0001;
constexpr std::uint64_t kBusMasterReload = 0x0002;
constexpr std::uint64_t kSleepTypes = 0x1c00;
constexpr unsigned kSleepTypeShift = 10;
constexpr std::size_t kSleepByte = kPm1Control + 1;
constexpr unsigned kSleepEnableInByte = 0x20;  // bit 13: write-only, reads as 0

constexpr std::uint64_t kTimerHz = 3579545;  // §4.8.3.3
constexpr std::uint64_t kNanosecondsPerSecond = 1000000000;

}  // namespace

Result<std::unique_ptr<AcpiPm>> AcpiPm::create(IrqLine& sci, Clock& clock,
                                               MachineRequests& requests, TimerWidth width) {
    std::unique_ptr<AcpiPm> pm(new AcpiPm(sci, clock, requests, width));
    pm->overflow_ = SISKIN_TRY(clock.make_timer([&it = *pm] { it.update(); }));
    pm->reset();
    return pm;
}

AcpiPm::AcpiPm(IrqLine& sci, Clock& clock, MachineRequests& requests, TimerWidth width)
    : sci_(sci),
      clock_(clock),
      requests_(requests),
      timer_bits_(width == TimerWidth::Bits24 ? 24 : 32) {
    registers_.set_write_1_to_clear(kPm1Status, 2, kEventBits | kBusMasterBit | kWakeBit);
    registers_.set_writable(kPm1Enable, 2, kEventBits);
    // §4.8.3.2.1: without an SMI command port the machine cannot leave ACPI mode, so SCI_EN stays.
    registers_.set_writable(kPm1Control, 2, kSleepTypes | kBusMasterReload);
    registers_.set_write_1_to_clear(kGpe0Status, kGpe0Bytes, ~std::uint64_t{0});
    registers_.set_writable(kGpe0Enable, kGpe0Bytes, ~std::uint64_t{0});
}

std::uint64_t AcpiPm::read(IoAccess access) {
    catch_up();
    const std::uint64_t mask = (std::uint64_t{1} << timer_bits_) - 1;
    registers_.set(kPmTimer, 4, timer_ticks() & mask);
    return registers_.read(access.offset, access.width);
}

void AcpiPm::write(IoAccess access, std::uint64_t value) {
    catch_up();
    registers_.write(access.offset, access.width, value);
    update();
    if (access.offset <= kSleepByte && kSleepByte - access.offset < access.width) {
        const auto written = static_cast<unsigned>(value >> ((kSleepByte - access.offset) * 8));
        if ((written & kSleepEnableInByte) != 0) {
            const std::uint64_t control = registers_.get(kPm1Control, 2);
            enter_sleep(static_cast<unsigned>((control & kSleepTypes) >> kSleepTypeShift));
        }
    }
}

void AcpiPm::reset() {
    for (std::size_t offset = 0; offset < kPortCount; ++offset) {
        registers_.set(offset, 1, 0);
    }
    registers_.set(kPm1Control, 2, kSciEnable);
    checked_ticks_ = timer_ticks();
    update();
}

void AcpiPm::press_power_button() {
    registers_.set(kPm1Status, 2, registers_.get(kPm1Status, 2) | kPowerButtonBit);
    update();
}

void AcpiPm::raise_gpe(unsigned number) {
    if (number < kGpeCount) {
        const std::uint64_t status = registers_.get(kGpe0Status, kGpe0Bytes);
        registers_.set(kGpe0Status, kGpe0Bytes, status | std::uint64_t{1} << number);
        update();
    }
}

std::uint64_t AcpiPm::timer_ticks() const {
    const auto now = static_cast<std::uint64_t>(clock_.now().count());
    return now / kNanosecondsPerSecond * kTimerHz +
           now % kNanosecondsPerSecond * kTimerHz / kNanosecondsPerSecond;
}

// §4.8.3.3: TMR_STS is set whenever the timer's highest bit changes.
void AcpiPm::catch_up() {
    const std::uint64_t ticks = timer_ticks();
    const unsigned shift = timer_bits_ - 1;
    if (ticks >> shift != checked_ticks_ >> shift) {
        registers_.set(kPm1Status, 2, registers_.get(kPm1Status, 2) | kTimerBit);
    }
    checked_ticks_ = ticks;
}

// §4.8.2.2: the SCI is the OR of all enabled events.
void AcpiPm::update() {
    catch_up();
    const std::uint64_t status = registers_.get(kPm1Status, 2);
    const std::uint64_t enabled = registers_.get(kPm1Enable, 2);
    const std::uint64_t gpe_status = registers_.get(kGpe0Status, kGpe0Bytes);
    const std::uint64_t gpe_enabled = registers_.get(kGpe0Enable, kGpe0Bytes);
    const bool asserted = (status & enabled & kEventBits) != 0 || (gpe_status & gpe_enabled) != 0;
    if (asserted != sci_asserted_) {
        sci_asserted_ = asserted;
        sci_.set(asserted);
    }
    if ((enabled & kTimerBit) == 0 || (status & kTimerBit) != 0) {
        overflow_->disarm();
        return;
    }
    const unsigned shift = timer_bits_ - 1;
    const std::uint64_t next = ((checked_ticks_ >> shift) + 1) << shift;
    // The first nanosecond at which timer_ticks() says so.
    const std::uint64_t rest = (next % kTimerHz * kNanosecondsPerSecond + kTimerHz - 1) / kTimerHz;
    overflow_->arm(std::chrono::seconds(next / kTimerHz) + std::chrono::nanoseconds(rest));
}

void AcpiPm::enter_sleep(unsigned sleep_type) {
    // §4.8.3.2.1: the other types are not in the DSDT.
    if (sleep_type == kSleepTypeS5) {
        requests_.request_shutdown();
    }
}

}  // namespace siskin
