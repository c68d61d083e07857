// SPDX-License-Identifier: Apache-2.0
// The kinds of number of a virtual machine, each its own type.
#pragma once

#include <cstdint>
#include <optional>

#include "base/strong.h"

namespace siskin {

// A guest-physical address.
using GuestAddress = Strong<struct GuestAddressTag, std::uint64_t>;
// A length in bytes.
using ByteCount = Strong<struct ByteCountTag, std::uint64_t>;
// A 512-byte unit of a disk (virtio 1.2 §5.2.6), as an index.
using Sector = Strong<struct SectorTag, std::uint64_t>;
// A global system interrupt: an index into KVM's routing table and ACPI's interrupt numbers.
using Gsi = Strong<struct GsiTag, std::uint32_t>;
// A virtual CPU, counted from zero.
using VcpuId = Strong<struct VcpuIdTag, std::uint32_t>;
// A virtqueue of a device, counted from zero.
using QueueIndex = Strong<struct QueueIndexTag, std::uint16_t>;
// An entry of a descriptor table.

// The address `count` bytes further, or nothing where 2^64 is passed.
[[nodiscard]] constexpr std::optional<GuestAddress> checked_add(GuestAddress base,
                                                                ByteCount count) {
    const std::uint64_t sum = base.value() + count.value();
    return sum < base.value() ? std::nullopt : std::optional(GuestAddress{sum});
}

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

}  // namespace siskin
