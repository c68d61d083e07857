// SPDX-License-Identifier: Apache-2.0
// The identity map: the first 4 GiB are mapped at the entry, the rest on demand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace siskin::guest {

// Makes `size` bytes of physical memory from `address` reachable at the same virtual address. Ends
// the guest with a failed check when the address is not below 2^47 or the tables run out.
void map_device(std::uint64_t address, std::uint64_t size);

}  // namespace siskin::guest
