// SPDX-License-Identifier: Apache-2.0
// Requests that the hostile guests build descriptor by descriptor, to spoil them afterwards.
#pragma once

#include <cstdint>

#include "tools/guest/runtime/virtio_blk.h"

namespace siskin::guest {

extern BlockRequest hostile_request;
// What set_indirect() filled.
inline constexpr unsigned kHostileTableSize = 64;
extern Descriptor hostile_table[kHostileTableSize];

[[nodiscard]] inline std::uint64_t address_of(const volatile void* object) {
    return reinterpret_cast<std::uint64_t>(object);
}

void set_descriptor(VirtioBlk& disk, unsigned index, std::uint64_t address, std::uint32_t length,
                    unsigned flags, unsigned next = 0);
// Makes the chain available and notifies.
void offer(VirtioBlk& disk, std::uint16_t head = 0);

// hostile_request in descriptors 0, 1 (data) and 2 (status).
void set_request(VirtioBlk& disk, std::uint32_t type, std::uint64_t sector, std::uint64_t data,
                 std::uint32_t length, unsigned data_flags);
// A good read of sector 0 into hostile_buffer in descriptors 0, 1, 2.
void set_good_read(VirtioBlk& disk);
// The same in hostile_table, which descriptor 0 names as `address` and `length` say.
void set_indirect(VirtioBlk& disk, std::uint64_t address, std::uint32_t length,
                  unsigned extra_flags = 0);

}  // namespace siskin::guest
