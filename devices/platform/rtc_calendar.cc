// SPDX-License-Identifier: Apache-2.0
// Real-time clock: the time in its registers' forms, and when an alarm comes.
#include <ctime>

#include "devices/platform/rtc_cmos.h"
#include "devices/platform/rtc_registers.h"

namespace siskin {
namespace {

using namespace rtc;

constexpr std::int64_t kSecondsPerDay = 86400;
constexpr int kSixty = 60;

}  // namespace

void RtcCmos::time_to_registers() {
    const std::time_t seconds = time() >> kSecondShift;
    std::tm calendar{};
    ::gmtime_r(&seconds, &calendar);
    const int year = calendar.tm_year + 1900;
    bytes_.at(kSeconds) = encode(calendar.tm_sec);
    bytes_.at(kMinutes) = encode(calendar.tm_min);
    bytes_.at(kHours) = encode_hour(calendar.tm_hour);
    bytes_.at(kDayOfWeek) = encode(calendar.tm_wday + 1);
    bytes_.at(kDayOfMonth) = encode(calendar.tm_mday);
    bytes_.at(kMonth) = encode(calendar.tm_mon + 1);
    bytes_.at(kYear) = encode(year % 100);
    bytes_.at(kCentury) = encode(year / 100 % 100);
}

// Values out of range (the guest's) carry over into the next larger unit.
void RtcCmos::registers_to_time() {
    std::tm calendar{};
    calendar.tm_sec = decode(bytes_.at(kSeconds));
    calendar.tm_min = decode(bytes_.at(kMinutes));
    calendar.tm_hour = decode_hour(bytes_.at(kHours));
    calendar.tm_mday = decode(bytes_.at(kDayOfMonth));
    calendar.tm_mon = decode(bytes_.at(kMonth)) - 1;
    calendar.tm_year = decode(bytes_.at(kCentury)) * 100 + decode(bytes_.at(kYear)) - 1900;
    const Ticks fraction = time() & (kTicksPerSecond - 1);
    set_time(Ticks{::timegm(&calendar)} * kTicksPerSecond + fraction);
}

std::uint8_t RtcCmos::encode(int number) const {
    const bool binary = (bytes_.at(kRegisterB) & kBinary) != 0;
    return static_cast<std::uint8_t>(binary ? number : number / 10 * 16 + number % 10);
}

int RtcCmos::decode(std::uint8_t stored) const {
    const bool binary = (bytes_.at(kRegisterB) & kBinary) != 0;
    return binary ? stored : stored / 16 * 10 + stored % 16;
}

std::uint8_t RtcCmos::encode_hour(int hour) const {
    if ((bytes_.at(kRegisterB) & kHours24) != 0) {
        return encode(hour);
    }
    const unsigned half = hour >= 12 ? kAfternoon : 0U;
    const int shown = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<std::uint8_t>(encode(shown) | half);
}

int RtcCmos::decode_hour(std::uint8_t stored) const {
    if ((bytes_.at(kRegisterB) & kHours24) != 0) {
        return decode(stored);
    }
    const int shown = decode(static_cast<std::uint8_t>(stored & ~kAfternoon));
    return shown % 12 + ((stored & kAfternoon) != 0 ? 12 : 0);
}

// The first second, from this one on, whose time of day the alarm bytes match; none if they never
// do.
std::optional<std::int64_t> RtcCmos::next_alarm(std::int64_t first_second) const {
    const auto matches = [](std::uint8_t alarm, std::uint8_t encoded) {
        return alarm >= kAlarmAny || alarm == encoded;
    };
    // The first value below `end`, from `from` on, that matches; `end` if there is none.
    const auto first_of = [&](std::uint8_t alarm, int from, int end) {
        int value = from;
        while (value < end && !matches(alarm, encode(value))) {
            ++value;
        }
        return value;
    };
    const std::int64_t day_offset =
        (first_second % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay;
    const std::int64_t midnight = first_second - day_offset;
    const std::uint8_t second_alarm = bytes_.at(kSecondsAlarm);
    const std::uint8_t minute_alarm = bytes_.at(kMinutesAlarm);
    const int any_second = first_of(second_alarm, 0, kSixty);
    const int any_minute = first_of(minute_alarm, 0, kSixty);
    if (any_second == kSixty || any_minute == kSixty) {
        return std::nullopt;
    }
    const auto at = [&](int hour, int minute, int second) {
        return midnight + (hour * kSixty + minute) * kSixty + second;
    };
    const int hour_now = static_cast<int>(day_offset / (kSixty * kSixty));
    const int minute_now = static_cast<int>(day_offset / kSixty % kSixty);
    const int second_now = static_cast<int>(day_offset % kSixty);
    for (int hour = hour_now; hour <= hour_now + 24; ++hour) {
        if (!matches(bytes_.at(kHoursAlarm), encode_hour(hour % 24))) {
            continue;
        }
        if (hour != hour_now) {
            return at(hour, any_minute, any_second);
        }
        const int second = first_of(second_alarm, second_now, kSixty);
        if (second < kSixty && first_of(minute_alarm, minute_now, minute_now + 1) == minute_now) {
            return at(hour, minute_now, second);
        }
        const int minute = first_of(minute_alarm, minute_now + 1, kSixty);
        if (minute < kSixty) {
            return at(hour, minute, any_second);
        }
    }
    return std::nullopt;
}

}  // namespace siskin
