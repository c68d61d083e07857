// SPDX-License-Identifier: Apache-2.0
// NameIndex: where a name stands in a list that somebody else owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace siskin {

// A hash table of positions, open addressing, keyed: names chosen by a client cost no square.
// Thread: its owner's.
class NameIndex {
public:
    static constexpr std::size_t kNone = ~std::size_t{0};

    // Room for so many names, so that adding them moves none.
    void reserve(std::size_t count);
    // Notes that `name` stands at `position`, below 2^32 - 2, and returns kNone; if the name is
    // there already, its position, and nothing changes. `is_it(position)` says whether the name at
    // a position is the one looked for.
    template <typename IsIt>
    [[nodiscard]] std::size_t add(std::string_view name, std::size_t position, IsIt&& is_it) {
        reserve(count_ + 1);
        const std::uint32_t hash = hash_of(name);
        const std::size_t at = slot_of(hash, is_it);
        if (slots_[at].position != 0) {
            return slots_[at].position - 1;
        }
        slots_[at] = Slot{hash, static_cast<std::uint32_t>(position + 1)};
        ++count_;
        return kNone;
    }
    // Forgets the names at these positions, which ascend and are taken; later ones move up.
    void erase(std::span<const std::size_t> positions);
    // The position of `name`, or kNone.
    template <typename IsIt>
    [[nodiscard]] std::size_t find(std::string_view name, IsIt&& is_it) const {
        const std::size_t at = slots_.empty() ? kNone : slot_of(hash_of(name), is_it);
        return at == kNone || slots_[at].position == 0 ? kNone : slots_[at].position - 1;
    }

private:
    // The slot of a name that went: names that met it on their way are still behind it.
    static constexpr std::uint32_t kGone = ~std::uint32_t{0};
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t position = 0;  // plus 1; 0 for an empty slot
    };

    [[nodiscard]] static std::uint32_t hash_of(std::string_view name);
    [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
    template <typename IsIt>
    [[nodiscard]] static bool holds(const Slot& slot, std::uint32_t hash, IsIt& is_it) {
        return slot.hash == hash && slot.position != kGone && is_it(std::size_t{slot.position} - 1);
    }
    // Where the name is, or the empty slot where it would be.
    template <typename IsIt>
    [[nodiscard]] std::size_t slot_of(std::uint32_t hash, IsIt& is_it) const {
        std::size_t at = hash & mask();
        while (slots_[at].position != 0 && !holds(slots_[at], hash, is_it)) {
            at = (at + 1) & mask();
        }
        return at;
    }

    std::vector<Slot> slots_;  // none, or a power of two, at most three quarters taken
    std::size_t count_ = 0;    // names
    std::size_t gone_ = 0;     // slots of names that went
};

}  // namespace siskin
