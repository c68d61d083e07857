// SPDX-License-Identifier: Apache-2.0
// QueueConfig: what the driver programmed for one virtqueue; QueueLayout: the same, proved.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// The registers of one virtqueue, as written. Nothing is checked yet.
struct QueueConfig {
    std::uint16_t size = 0;  // entries
    GuestAddress descriptor_table;
    GuestAddress available_ring;
    GuestAddress used_ring;
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

// The three parts as checked host ranges. Valid as long as the GuestMemory they came from.
struct QueueLayout {
    std::uint16_t size = 0;
    GuestSpan descriptor_table;
    GuestSpan available_ring;
    GuestSpan used_ring;
};

// Errors: the size is 0, no power of two or above `size_max`; a part is not aligned to 16, 2 or 4
// bytes, or does not lie wholly inside one region of RAM (virtio 1.2 §2.7).
[[nodiscard]] Result<QueueLayout> check_queue(const QueueConfig& config, std::uint16_t size_max,
                                              const GuestMemory& memory);

}  // namespace siskin
