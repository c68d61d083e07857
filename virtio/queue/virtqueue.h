// SPDX-License-Identifier: Apache-2.0
// Virtqueue: the device's side of a virtqueue, of whichever format was negotiated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "virtio/features.h"
#include "virtio/queue/layout.h"
#include "virtio/queue/packed_queue.h"
#include "virtio/queue/popped.h"
#include "virtio/queue/split_queue.h"
#include "virtio/queue/used_order.h"

namespace siskin {

// The one queue below every transport and in every device. Its config is proved at enable() and
// frozen; to change it is to enable another. Each call is bounded by the queue's size, allocates
// nothing and takes no lock. Thread: one at a time; it moves between threads.
class Virtqueue {
public:
    // Errors: those of check_queue(). `size_max` is the size the device offered; a chain that goes
    // through an indirect table may be that long.
    [[nodiscard]] static Result<Virtqueue> enable(const QueueConfig& config, std::uint16_t size_max,
                                                  FeatureSet accepted,
                                                  std::shared_ptr<const GuestMemory> memory);

    // Takes the next available chain. `chain` has room for chain_length_max() buffers.
    [[nodiscard]] Popped pop(DescriptorChain& chain);
    // Hands a chain back, once; `written` is the number of bytes the device wrote into it. With
    // VIRTIO_F_IN_ORDER the driver sees it after all those that were popped before it.
    void push_used(ChainHead head, std::uint32_t written);
    // Whether the driver wants an interrupt for what it has been shown since the last call.
    [[nodiscard]] bool should_notify();

    // Asks the driver not to notify; a hint.
    void disable_notification();
    // Asks it to notify again. True: more came meanwhile, so look again.
    [[nodiscard]] bool enable_notification();

    [[nodiscard]] std::uint16_t size() const;
    [[nodiscard]] std::uint16_t chain_length_max() const;
    // Chains popped and not yet handed back.
    [[nodiscard]] std::uint16_t in_flight() const { return in_flight_; }

private:
    using Ring = std::variant<SplitQueue, PackedQueue>;
    Virtqueue(Ring ring, bool in_order);

    // A branch that is always taken the same way, and no indirect call.
    template <typename Action>
    decltype(auto) on_ring(Action action) {
        if (auto* const split = std::get_if<SplitQueue>(&ring_)) {
            return action(*split);
        }
        return action(*std::get_if<PackedQueue>(&ring_));
    }

    Ring ring_;
    std::optional<UsedOrder> order_;  // VIRTIO_F_IN_ORDER
    std::uint16_t in_flight_ = 0;
};

}  // namespace siskin
