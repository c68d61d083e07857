// SPDX-License-Identifier: Apache-2.0
// QueueConfig: what the driver programmed for one virtqueue; QueueLayout: the same, proved.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"
#include "virtio/features.h"

namespace siskin {

// The two kinds of virtqueue (virtio 1.2 §2.7 and §2.8).
enum class RingFormat { Split, Packed };
[[nodiscard]] RingFormat ring_format_of(FeatureSet accepted);

// The registers of one virtqueue, as written. Nothing is checked yet.
struct QueueConfig {
    std::uint16_t size = 0;        // entries
    GuestAddress descriptor_area;  // descriptor table; descriptor ring
    GuestAddress driver_area;      // available ring; driver event suppression
    GuestAddress device_area;      // used ring; device event suppression
};

// Sizes of the three parts for a queue of `size` entries, event fields included (virtio 1.2 §2.7).
[[nodiscard]] constexpr ByteCount descriptor_table_size(std::uint16_t size) {
    return ByteCount{std::uint64_t{16} * size};
}
[[nodiscard]] constexpr ByteCount available_ring_size(std::uint16_t size) {
    return ByteCount{6 + std::uint64_t{2} * size};
}
[[nodiscard]] constexpr ByteCount used_ring_size(std::uint16_t size) {
    return ByteCount{6 + std::uint64_t{8} * size};
}

// Where the parts of a legacy queue are that begins at page `page` (§2.7.2): one after the other,
// the used ring at the next page behind the available ring with its event field.
[[nodiscard]] QueueConfig legacy_queue(std::uint32_t page, std::uint16_t size);

// An event suppression structure of a packed virtqueue (§2.8.10.1).
inline constexpr ByteCount kEventSuppressionSize{4};

// The three parts as checked host ranges. Valid as long as the GuestMemory they came from.
struct QueueLayout {
    std::uint16_t size = 0;
    GuestSpan descriptor_area;
    GuestSpan driver_area;
    GuestSpan device_area;
};

// Errors: the size is 0 or above `size_max`, or that of a split virtqueue is no power of two; a
// part is not aligned (split: 16, 2 and 4 bytes, packed: 16, 4 and 4), or does not lie wholly
// inside one region of RAM (§2.7, §2.8.10.1).
[[nodiscard]] Result<QueueLayout> check_queue(const QueueConfig& config, std::uint16_t size_max,
                                              RingFormat format, const GuestMemory& memory);

}  // namespace siskin
