// SPDX-License-Identifier: Apache-2.0
// RequestSlots: a queue's fixed pool of requests, and those of them that are kept after an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <sys/uio.h>

namespace siskin {

// What each request of a pool has. T is made of this.
template <typename T>
struct RequestSlot {
    T* next_slot = nullptr;    // that is free, or was kept
    std::uint64_t number = 0;  // of requests, in the order of their arrival
    iovec* iovecs = nullptr;   // room for those of one chain
};

// No allocation a request. Thread: the queue's.
template <typename Slot>
class RequestSlots {
public:
    // Pages of buffers that no request ever used are never touched.
    RequestSlots(std::size_t count, std::size_t buffers_a_slot)
        : buffers_(std::make_unique_for_overwrite<iovec[]>(count * buffers_a_slot)),
          slots_(std::make_unique<Slot[]>(count)),
          count_(count) {
        for (std::size_t index = count; index-- > 0;) {
            Slot& slot = slots_[index];
            slot.iovecs = &buffers_[index * buffers_a_slot];
            slot.next_slot = std::exchange(free_, &slot);
        }
    }

    [[nodiscard]] bool has_room() const { return free_ != nullptr; }
    // Taken, and neither given back nor kept.
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    [[nodiscard]] std::span<Slot> all() const { return std::span(slots_.get(), count_); }

    // There is room.
    [[nodiscard]] Slot& take() {
        Slot& slot = *free_;
        free_ = slot.next_slot;
        slot.number = started_++;
        ++in_flight_;
        return slot;
    }
    void give_back(Slot& slot) {
        slot.next_slot = std::exchange(free_, &slot);
        --in_flight_;
    }
    // It waits for retry_kept(), in its place by its number.
    void keep(Slot& slot) {
        Slot** place = &kept_;
        while (*place != nullptr && (*place)->number < slot.number) {
            place = &(*place)->next_slot;
        }
        slot.next_slot = std::exchange(*place, &slot);
        --in_flight_;
    }
    template <typename Action>
    void for_each_kept(const Action& action) {
        for (Slot* slot = kept_; slot != nullptr; slot = slot->next_slot) {
            action(*slot);
        }
    }
    // Each that was kept is in flight again and is given to `retry`, in the order of their arrival.
    // What that keeps is not among them.
    template <typename Retry>
    void retry_kept(const Retry& retry) {
        Slot* slot = std::exchange(kept_, nullptr);
        while (slot != nullptr) {
            Slot* const next = std::exchange(slot->next_slot, nullptr);
            ++in_flight_;
            retry(*slot);
            slot = next;
        }
    }

private:
    std::unique_ptr<iovec[]> buffers_;
    std::unique_ptr<Slot[]> slots_;
    std::size_t count_;
    Slot* free_ = nullptr;
    Slot* kept_ = nullptr;  // by their numbers
    std::uint64_t started_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace siskin
