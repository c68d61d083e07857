// SPDX-License-Identifier: Apache-2.0
// What SPC-4, SBC-3 and MMC-6 say: operation codes, statuses and layouts' numbers, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace siskin::scsi_spec {

// SPC-4 §6, SBC-3 §5, MMC-6 §6: operation codes.
inline constexpr std::uint8_t kTestUnitReady = 0x00;
inline constexpr std::uint8_t kRequestSense = 0x03;
inline constexpr std::uint8_t kRead6 = 0x08;
inline constexpr std::uint8_t kWrite6 = 0x0a;
inline constexpr std::uint8_t kInquiry = 0x12;
// SCSI-2 had the unit's number in the upper bits of byte 1, where an initiator that does not know a
// unit's version yet still puts it; SPC-4 §6.6.1 has them obsolete.
inline constexpr std::uint8_t kInquiryFlags = 0x1f;
inline constexpr std::uint8_t kModeSelect6 = 0x15;
inline constexpr std::uint8_t kModeSense6 = 0x1a;
inline constexpr std::uint8_t kStartStopUnit = 0x1b;
inline constexpr std::uint8_t kPreventAllowRemoval = 0x1e;
inline constexpr std::uint8_t kReadCapacity10 = 0x25;
inline constexpr std::uint8_t kRead10 = 0x28;
inline constexpr std::uint8_t kWrite10 = 0x2a;
inline constexpr std::uint8_t kWriteAndVerify10 = 0x2e;
inline constexpr std::uint8_t kVerify10 = 0x2f;
inline constexpr std::uint8_t kSynchronizeCache10 = 0x35;
inline constexpr std::uint8_t kWriteSame10 = 0x41;
inline constexpr std::uint8_t kUnmap = 0x42;
inline constexpr std::uint8_t kReadToc = 0x43;
inline constexpr std::uint8_t kGetConfiguration = 0x46;
inline constexpr std::uint8_t kGetEventStatus = 0x4a;
inline constexpr std::uint8_t kReadDiscInformation = 0x51;
inline constexpr std::uint8_t kModeSelect10 = 0x55;
inline constexpr std::uint8_t kModeSense10 = 0x5a;
inline constexpr std::uint8_t kRead16 = 0x88;
inline constexpr std::uint8_t kWrite16 = 0x8a;
inline constexpr std::uint8_t kWriteAndVerify16 = 0x8e;
inline constexpr std::uint8_t kVerify16 = 0x8f;
inline constexpr std::uint8_t kSynchronizeCache16 = 0x91;
inline constexpr std::uint8_t kWriteSame16 = 0x93;
inline constexpr std::uint8_t kServiceActionIn16 = 0x9e;
inline constexpr std::uint8_t kReportLuns = 0xa0;
inline constexpr std::uint8_t kRead12 = 0xa8;
inline constexpr std::uint8_t kWrite12 = 0xaa;
inline constexpr std::uint8_t kWriteAndVerify12 = 0xae;
inline constexpr std::uint8_t kVerify12 = 0xaf;

inline constexpr std::uint8_t kReadCapacity16Action = 0x10;  // of kServiceActionIn16

// SAM-5 §5.3.1: status codes.
inline constexpr std::uint8_t kGood = 0x00;
inline constexpr std::uint8_t kCheckCondition = 0x02;
inline constexpr std::uint8_t kBusy = 0x08;
inline constexpr std::uint8_t kTaskSetFull = 0x28;

// SPC-4 §6.6.2: peripheral device types.
inline constexpr std::uint8_t kTypeDisk = 0x00;
inline constexpr std::uint8_t kTypeCd = 0x05;
inline constexpr std::uint8_t kTypeNone = 0x1f;
inline constexpr std::uint8_t kQualifierAbsent = 0x20;     // could be there, is not
inline constexpr std::uint8_t kQualifierIncapable = 0x60;  // never is there

// The longest CDB of those above, in bytes.
inline constexpr std::size_t kCdbSizeMax = 16;

// SPC-4 §4.5.3: bytes of fixed-format sense data.
inline constexpr std::size_t kFixedSenseSize = 18;

// MMC-6 §4: what a CD's blocks are.
inline constexpr std::uint32_t kCdBlockSize = 2048;

}  // namespace siskin::scsi_spec
