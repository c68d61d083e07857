// SPDX-License-Identifier: Apache-2.0
// Where everything lies in a q35 machine's memory and port space; the one place that says so.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bits.h"
#include "base/units.h"

namespace siskin {

// Memory space below 4 GiB:
//   0x00000000  RAM, up to low_ram_size()
//   0xb0000000  ECAM, 256 MiB: 256 buses (PCIe 5.0 §7.2.2)
//   0xc0000000  BARs of 32 bits
//   0xfec00000  I/O APIC
//   0xfee00000  local APICs (and MSI)
//   0xfeffc000  pages that KVM keeps on Intel hosts
// From 4 GiB on: the rest of RAM; then, at the next GiB, addresses kept for memory that is plugged
// in
// (-m maxmem=); then, at the next GiB, BARs of 64 bits.
inline constexpr std::uint64_t kEcamBase = 0xb0000000;
inline constexpr std::uint64_t kEcamSize = 256 * kMiB;
inline constexpr std::uint64_t kMmio32Base = kEcamBase + kEcamSize;
inline constexpr std::uint64_t kIoApicBase = 0xfec00000;
inline constexpr std::uint64_t kMmio32Size = kIoApicBase - kMmio32Base;
inline constexpr std::uint64_t kLocalApicBase = 0xfee00000;
inline constexpr std::uint64_t kIdentityMapBase = 0xfeffc000;
inline constexpr std::uint64_t kTaskStateBase = 0xfeffd000;
inline constexpr std::uint64_t kHighRamBase = 4 * kGiB;
inline constexpr std::uint64_t kMmio64Size = 32 * kGiB;

// Guest RAM: -m. Below the minimum no stock kernel and no firmware starts.
inline constexpr std::uint64_t kRamMin = 2 * kMiB;
inline constexpr std::uint64_t kRamMax = 1024 * kGiB;

// RAM that would reach ECAM is cut at 2 GiB; so the rest above 4 GiB stays aligned.
[[nodiscard]] constexpr std::uint64_t low_ram_size(std::uint64_t ram_size) {
    return ram_size > kEcamBase ? 2 * kGiB : ram_size;
}
[[nodiscard]] constexpr std::uint64_t high_ram_size(std::uint64_t ram_size) {
    return ram_size - low_ram_size(ram_size);
}
// The most memory devices; as in QEMU.
inline constexpr std::uint32_t kMemorySlotsMax = 256;

// For memory that is plugged in: what it may grow by, and a GiB a slot, so that each device can
// begin at one. 0 where it may not grow.
[[nodiscard]] constexpr std::uint64_t device_memory_size(std::uint64_t ram_size,
                                                         std::uint64_t ram_max,
                                                         std::uint32_t slots) {
    return ram_max > ram_size ? ram_max - ram_size + slots * kGiB : 0;
}
[[nodiscard]] constexpr std::uint64_t device_memory_base(std::uint64_t ram_size) {
    return align_up(kHighRamBase + high_ram_size(ram_size), kGiB);
}
[[nodiscard]] constexpr std::uint64_t mmio64_base(std::uint64_t ram_size,
                                                  std::uint64_t device_memory = 0) {
    return align_up(device_memory_base(ram_size) + device_memory, kGiB);
}

// Port space. BARs lie above the ports that devices of the ISA age decode.
inline constexpr std::uint16_t kPciPortBase = 0x1000;
inline constexpr std::uint32_t kPciPortSize = 0xf000;
inline constexpr std::uint16_t kPmBase = 0x600;
inline constexpr std::uint16_t kResetControlPort = 0xcf9;

// Interrupts.
inline constexpr std::uint32_t kSciGsi = 9;
inline constexpr std::uint32_t kSerialGsi = 4;
inline constexpr std::uint32_t kRtcGsi = 8;

// As many vCPUs as there are 8-bit APIC IDs, with 255 for "all" and one for the I/O APIC.
inline constexpr std::uint32_t kVcpusMax = 254;

}  // namespace siskin
