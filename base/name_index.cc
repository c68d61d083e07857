// SPDX-License-Identifier: Apache-2.0
// The table of NameIndex.
#include "base/name_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/siphash.h"

namespace siskin {

std::uint32_t NameIndex::hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(siphash(process_siphash_key(), name));
}

void NameIndex::reserve(std::size_t count) {
    static constexpr std::size_t kSlotsMin = 64;
    if (2 * count <= slots_.size()) {
        return;
    }
    const std::vector<Slot> old =
        std::exchange(slots_, std::vector<Slot>(std::max(kSlotsMin, std::bit_ceil(2 * count))));
    auto is_other = [](std::size_t) { return false; };
    for (const Slot& slot : old) {
        if (slot.position != 0) {
            slots_[slot_of(slot.hash, is_other)] = slot;
        }
    }
}

}  // namespace siskin
