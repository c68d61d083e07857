// SPDX-License-Identifier: Apache-2.0
// DriverRing: a well-behaved driver on a virtqueue of either format, for what holds for both.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "tests/harness/driver_queue.h"
#include "tests/harness/packed_driver_queue.h"
#include "tests/harness/test_guest.h"
#include "virtio/queue/virtqueue.h"

namespace siskin {

// Keeps account of free descriptors, so it offers only what the specification lets it.
class DriverRing {
public:
    // A used buffer.
    struct Used {
        std::uint16_t id;
        std::uint32_t length;

        friend bool operator==(const Used&, const Used&) = default;
    };

    DriverRing(TestGuest& guest, RingFormat format, std::uint16_t size);

    [[nodiscard]] RingFormat format() const { return format_; }
    [[nodiscard]] std::uint16_t size() const { return split_.size(); }
    [[nodiscard]] const QueueConfig& config() const;
    // The device's side, with the format's feature added to these.
    [[nodiscard]] Virtqueue device_side(FeatureSet accepted = {}, std::uint16_t size_max = 0);

    // Offers a list and says its id; nothing when there is no room for it.
    std::optional<std::uint16_t> offer(const std::vector<DriverBuffer>& buffers);
    std::optional<std::uint16_t> offer_indirect(const std::vector<DriverBuffer>& buffers);
    [[nodiscard]] std::size_t free_descriptors() const { return free_; }

    // The next used buffer, or nothing; its descriptors are free again.
    [[nodiscard]] std::optional<Used> take_used();

    // Used buffer notifications: always, never, or after so many more are used (needs EVENT_IDX).
    void want_interrupts();
    void want_no_interrupts();
    // `ahead`: descriptors (packed) or buffers (split) that are passed over first.
    void want_interrupt_after(std::uint16_t ahead);

private:
    [[nodiscard]] std::optional<std::uint16_t> take_id(std::size_t descriptors);

    RingFormat format_;
    DriverQueue split_;
    PackedDriverQueue packed_;
    std::size_t free_;
    std::deque<std::uint16_t> ids_;  // free ones; of a split queue: free descriptors, in order
    std::map<std::uint16_t, std::vector<std::uint16_t>> taken_;  // what goes back with an id
    std::uint16_t used_ = 0;                                     // buffers taken back, modulo 2^16
};

}  // namespace siskin
