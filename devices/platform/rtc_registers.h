// SPDX-License-Identifier: Apache-2.0
// Indices and bits of the real-time clock's memory (MC146818A data sheet, figures 11 to 15).
#pragma once

#include <cstddef>
#include <cstdint>

namespace siskin::rtc {

inline constexpr std::uint8_t kSeconds = 0x00;
inline constexpr std::uint8_t kSecondsAlarm = 0x01;
inline constexpr std::uint8_t kMinutes = 0x02;
inline constexpr std::uint8_t kMinutesAlarm = 0x03;
inline constexpr std::uint8_t kHours = 0x04;
inline constexpr std::uint8_t kHoursAlarm = 0x05;
inline constexpr std::uint8_t kDayOfWeek = 0x06;
inline constexpr std::uint8_t kDayOfMonth = 0x07;
inline constexpr std::uint8_t kMonth = 0x08;
inline constexpr std::uint8_t kYear = 0x09;
inline constexpr std::uint8_t kRegisterA = 0x0a;
inline constexpr std::uint8_t kRegisterB = 0x0b;
inline constexpr std::uint8_t kRegisterC = 0x0c;
inline constexpr std::uint8_t kRegisterD = 0x0d;
inline constexpr std::uint8_t kCentury = 0x32;  // ACPI 6.4 §5.2.9: the FADT names it
inline constexpr std::uint8_t kIndexMask = 0x7f;

// Memory sizes as PC firmware reads them.
inline constexpr std::size_t kBaseMemory = 0x15;          // KiB, at most 640
inline constexpr std::size_t kExtendedMemory = 0x17;      // KiB from 1 MiB
inline constexpr std::size_t kExtendedMemoryCopy = 0x30;  // the same
inline constexpr std::size_t kMemoryAbove16M = 0x34;      // 64 KiB
inline constexpr std::size_t kMemoryAbove4G = 0x5b;       // 64 KiB, three bytes

// Register A.
inline constexpr unsigned kUpdateInProgress = 0x80;
inline constexpr unsigned kDividerMask = 0x70;
inline constexpr unsigned kDivider32768 = 0x20;
inline constexpr unsigned kRateMask = 0x0f;
inline constexpr std::uint8_t kAtReset = 0x26;  // 32768 Hz, 1024 interrupts a second

// Register B; the three enables stand where register C has the flags.
inline constexpr unsigned kSet = 0x80;
inline constexpr unsigned kBinary = 0x04;
inline constexpr std::uint8_t kHours24 = 0x02;
inline constexpr unsigned kModes = 0x06;

// Register C.
inline constexpr unsigned kInterrupt = 0x80;
inline constexpr unsigned kPeriodicFlag = 0x40;
inline constexpr unsigned kAlarmFlag = 0x20;
inline constexpr unsigned kUpdateFlag = 0x10;
inline constexpr unsigned kFlags = 0x70;

inline constexpr std::uint8_t kValid = 0x80;  // register D: VRT

// An alarm byte from here on matches any value.
inline constexpr unsigned kAlarmAny = 0xc0;
inline constexpr unsigned kAfternoon = 0x80;

inline constexpr std::int64_t kTicksPerSecond = 32768;
inline constexpr unsigned kSecondShift = 15;
inline constexpr std::int64_t kUpdateTicks = 8;  // 244 us

}  // namespace siskin::rtc
