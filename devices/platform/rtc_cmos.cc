// SPDX-License-Identifier: Apache-2.0
// Real-time clock: registers, flags and interrupts. The calendar is in rtc_calendar.cc.
#include "devices/platform/rtc_cmos.h"

#include <algorithm>

#include "devices/platform/rtc_registers.h"

namespace siskin {
namespace {

using namespace rtc;

constexpr std::int64_t kNanosecondsPerSecond = 1000000000;

std::int64_t ticks_of(std::chrono::nanoseconds time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const std::int64_t rest = (time - seconds).count();
    return seconds.count() * kTicksPerSecond + rest * kTicksPerSecond / kNanosecondsPerSecond;
}

// The first moment at which ticks_of() says `ticks`.
std::chrono::nanoseconds start_of(std::int64_t ticks) {
    const std::int64_t rest = ticks & (kTicksPerSecond - 1);
    return std::chrono::seconds(ticks >> kSecondShift) +
           std::chrono::nanoseconds((rest * kNanosecondsPerSecond + kTicksPerSecond - 1) /
                                    kTicksPerSecond);
}

bool is_time(std::uint8_t index) {
    return index <= kYear ? index != kSecondsAlarm && index != kMinutesAlarm && index != kHoursAlarm
                          : index == kCentury;
}

}  // namespace

Result<std::unique_ptr<RtcCmos>> RtcCmos::create(IrqLine& irq, Clock& clock) {
    std::unique_ptr<RtcCmos> rtc(new RtcCmos(irq, clock));
    rtc->timer_ = SISKIN_TRY(clock.make_timer([&it = *rtc] {
        it.catch_up();
        it.update_irq();
    }));
    rtc->bytes_.at(kRegisterA) = kAtReset;
    rtc->bytes_.at(kRegisterB) = kHours24;
    rtc->bytes_.at(kRegisterD) = kValid;
    rtc->checked_ = rtc->time();
    return rtc;
}

void RtcCmos::reset() {
    catch_up();
    index_ = 0;
    write_b(bytes_.at(kRegisterB) & kModes);
    write_a(kAtReset);
    bytes_.at(kRegisterB) = kHours24;
    bytes_.at(kRegisterC) = 0;
    update_irq();
}

void RtcCmos::set_memory_size(ByteCount below_4g, ByteCount above_4g) {
    const auto set16 = [this](std::size_t index, std::uint64_t value) {
        const std::uint64_t stored = std::min<std::uint64_t>(value, 0xffff);
        bytes_.at(index) = static_cast<std::uint8_t>(stored);
        bytes_.at(index + 1) = static_cast<std::uint8_t>(stored >> 8U);
    };
    const auto beyond = [](std::uint64_t size, std::uint64_t start) {
        return size > start ? size - start : 0;
    };
    const std::uint64_t low = below_4g.value();
    const std::uint64_t extended_kib = beyond(low, kMiB) / kKiB;
    const std::uint64_t high_units = above_4g.value() / (64 * kKiB);
    set16(kBaseMemory, std::min<std::uint64_t>(low / kKiB, 640));
    set16(kExtendedMemory, extended_kib);
    set16(kExtendedMemoryCopy, extended_kib);
    set16(kMemoryAbove16M, beyond(low, 16 * kMiB) / (64 * kKiB));
    set16(kMemoryAbove4G, high_units & 0xffffU);
    bytes_.at(kMemoryAbove4G + 2) = static_cast<std::uint8_t>(high_units >> 16U);
}

void RtcCmos::set_memory_byte(std::uint8_t index, std::uint8_t value) {
    if (index > kRegisterD && index < kSize && index != kCentury) {
        bytes_.at(index) = value;
    }
}

std::uint8_t RtcCmos::read_byte(std::uint64_t offset) {
    return offset == 1 ? read_register() : std::uint8_t{0xff};  // the index is write-only
}

void RtcCmos::write_byte(std::uint64_t offset, std::uint8_t value) {
    if (offset == 0) {
        index_ = value & kIndexMask;  // bit 7 masks the NMI, which nobody here raises
    } else if (offset == 1) {
        write_register(value);
    }
}

std::uint8_t RtcCmos::read_register() {
    catch_up();
    std::uint8_t value = bytes_.at(index_);
    if (is_time(index_) && updates()) {
        time_to_registers();
        value = bytes_.at(index_);
    } else if (index_ == kRegisterA) {
        // "Update cycle": UIP is seen at least 244 us before the time changes.
        const Ticks to_update = kTicksPerSecond - (time() & (kTicksPerSecond - 1));
        const bool in_progress = updates() && to_update <= kUpdateTicks;
        value = static_cast<std::uint8_t>(value | (in_progress ? kUpdateInProgress : 0U));
    } else if (index_ == kRegisterC) {
        bytes_.at(kRegisterC) = 0;  // "Register C": reading clears all flags
    }
    update_irq();
    return value;
}

void RtcCmos::write_register(std::uint8_t value) {
    catch_up();
    if (index_ == kRegisterA) {
        write_a(value);
    } else if (index_ == kRegisterB) {
        write_b(value);
    } else if (is_time(index_)) {
        if (updates()) {
            time_to_registers();
            bytes_.at(index_) = value;
            registers_to_time();
        }
        bytes_.at(index_) = value;
    } else if (index_ != kRegisterC && index_ != kRegisterD) {  // those are read-only
        bytes_.at(index_) = value;
    }
    update_irq();
}

void RtcCmos::write_a(std::uint8_t value) {
    const bool ran = divider_runs();
    const bool updated = updates();
    if (updated) {
        time_to_registers();
    }
    bytes_.at(kRegisterA) = static_cast<std::uint8_t>(value & ~kUpdateInProgress);
    if (!ran && divider_runs()) {
        // "Divider control": the first update follows half a second after the divider is let go.
        const Ticks now = time();
        set_time(now - (now & (kTicksPerSecond - 1)) + kTicksPerSecond / 2);
    }
    if (!updated && updates()) {
        registers_to_time();
    }
    checked_ = time();
}

void RtcCmos::write_b(std::uint8_t value) {
    const bool updated = updates();
    if (updated) {
        time_to_registers();
    }
    const bool sets = (value & kSet) != 0;
    // "SET": it clears UIE.
    bytes_.at(kRegisterB) = static_cast<std::uint8_t>(sets ? value & ~kUpdateFlag : value);
    if (!updated && updates()) {
        registers_to_time();
    }
    checked_ = time();
}

bool RtcCmos::divider_runs() const {
    return (bytes_.at(kRegisterA) & kDividerMask) <= kDivider32768;
}

bool RtcCmos::updates() const {
    return divider_runs() && (bytes_.at(kRegisterB) & kSet) == 0;
}

RtcCmos::Ticks RtcCmos::time() const {
    return ticks_of(clock_.utc()) + offset_;
}

void RtcCmos::set_time(Ticks time) {
    offset_ = time - ticks_of(clock_.utc());
    checked_ = time;
}

// Table 5: the periodic rate, as a power of two of ticks.
std::optional<unsigned> RtcCmos::period_shift() const {
    const unsigned rate = bytes_.at(kRegisterA) & kRateMask;
    if (rate == 0 || !divider_runs()) {
        return std::nullopt;
    }
    return rate <= 2 ? rate + 6 : rate - 1;
}

// Sets the flags of what has happened since the last time; they rise whether enabled or not.
void RtcCmos::catch_up() {
    const Ticks now = time();
    if (now <= checked_) {
        checked_ = now;  // the host's clock was set back
        return;
    }
    unsigned flags = bytes_.at(kRegisterC);
    const auto shift = period_shift();
    if (shift && now >> *shift != checked_ >> *shift) {
        flags |= kPeriodicFlag;
    }
    const std::int64_t second = now >> kSecondShift;
    const std::int64_t second_before = checked_ >> kSecondShift;
    if (updates() && second != second_before) {
        flags |= kUpdateFlag;
        const auto alarm = next_alarm(second_before + 1);
        flags |= alarm && *alarm <= second ? kAlarmFlag : 0U;
    }
    bytes_.at(kRegisterC) = static_cast<std::uint8_t>(flags);
    checked_ = now;
}

void RtcCmos::update_irq() {
    const unsigned flags = bytes_.at(kRegisterC) & kFlags;
    const bool asserted = (flags & bytes_.at(kRegisterB)) != 0;
    bytes_.at(kRegisterC) = static_cast<std::uint8_t>(flags | (asserted ? kInterrupt : 0U));
    if (asserted != irq_asserted_) {
        irq_asserted_ = asserted;
        irq_.set(asserted);
    }
    arm_timer();
}

// For the next event that would raise the interrupt; a guest that leaves it raised causes none.
void RtcCmos::arm_timer() {
    const unsigned enabled = irq_asserted_ ? 0U : bytes_.at(kRegisterB);
    const std::int64_t second = checked_ >> kSecondShift;
    std::optional<Ticks> next;
    const auto consider = [&next](Ticks candidate) {
        next = next ? std::min(*next, candidate) : candidate;
    };
    const auto shift = period_shift();
    if ((enabled & kPeriodicFlag) != 0 && shift) {
        consider(((checked_ >> *shift) + 1) << *shift);
    }
    if ((enabled & kUpdateFlag) != 0 && updates()) {
        consider((second + 1) << kSecondShift);
    }
    if ((enabled & kAlarmFlag) != 0 && updates()) {
        const auto alarm = next_alarm(second + 1);
        if (alarm) {
            consider(*alarm << kSecondShift);
        }
    }
    if (next) {
        timer_->arm(clock_.now() + (start_of(*next - offset_) - clock_.utc()));
    } else {
        timer_->disarm();
    }
}

}  // namespace siskin
