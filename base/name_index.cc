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
    if (4 * (count + gone_) <= 3 * slots_.size()) {
        return;
    }
    // Where many went, their slots are room enough.
    const std::size_t used = count + (gone_ < count / 2 ? gone_ : 0);
    const std::vector<Slot> old = std::exchange(
        slots_, std::vector<Slot>(std::max(kSlotsMin, std::bit_ceil((4 * used + 2) / 3))));
    gone_ = 0;
    auto is_other = [](std::size_t) { return false; };
    for (const Slot& slot : old) {
        if (slot.position != 0 && slot.position != kGone) {
            slots_[slot_of(slot.hash, is_other)] = slot;
        }
    }
}

void NameIndex::erase(std::span<const std::size_t> positions) {
    if (positions.empty()) {
        return;
    }
    // As Slot has them. Most names are behind all that go: no branch for those.
    const std::size_t first = positions.front() + 1;
    const std::size_t last = positions.back() + 1;
    const auto count = static_cast<std::uint32_t>(positions.size());
    count_ -= count;
    gone_ += count;
    for (Slot& slot : slots_) {
        if (slot.position >= first && slot.position <= last) {
            const auto next =
                std::lower_bound(positions.begin(), positions.end(), slot.position - 1);
            const auto gone_before = static_cast<std::uint32_t>(next - positions.begin());
            slot.position = *next + 1 == slot.position ? kGone : slot.position - gone_before;
        } else {
            slot.position -= slot.position > last && slot.position != kGone ? count : 0;
        }
    }
}

}  // namespace siskin
