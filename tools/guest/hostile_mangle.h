// SPDX-License-Identifier: Apache-2.0
// Random descriptors and headers for guests that attack without a plan. Whatever comes of them, a
// right device writes to no memory but hostile_area, hostile_rings and the first 64 KiB, and to no
// sector below 128.
#pragma once

#include <cstdint>

#include "tools/guest/hostile_requests.h"
#include "tools/guest/random.h"

namespace siskin::guest {

inline constexpr std::uint32_t kHostileAreaSize = 64 << 10;
extern std::uint8_t hostile_area[kHostileAreaSize];
extern std::uint8_t hostile_rings[kHostileAreaSize];

// Once, before all else here.
void prepare_attack();
// Whether memory that no device may write to is as it was.
[[nodiscard]] bool witness_is_intact();

// A number at an edge of something, or an address: harmless as that of a ring.
[[nodiscard]] std::uint64_t edge_value(Random& random);
// A request of three descriptors from `first` on, right as it stands.
void put_request(VirtioBlk& disk, Random& random, unsigned first);
// Spoils one field.
void mangle_descriptor(Random& random, volatile Descriptor& entry);
void mangle_header(Random& random, unsigned number);
inline constexpr unsigned kHostileHeaders = 8;

}  // namespace siskin::guest
