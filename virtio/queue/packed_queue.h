// SPDX-License-Identifier: Apache-2.0
// PackedQueue: the device's side of a packed virtqueue (virtio 1.2 §2.8).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "virtio/features.h"
#include "virtio/queue/chain_builder.h"
#include "virtio/queue/descriptor_chain.h"
#include "virtio/queue/layout.h"
#include "virtio/queue/popped.h"
#include "virtio/spec.h"

namespace siskin {

// Frozen config, proved at enable(), and run-time state; as SplitQueue. A list of descriptors that
// is wrong in itself is read to its end, where its buffer id is, and handed back; one that has no
// end, or goes on where nothing is available, has no id and breaks the ring.
// Thread: one at a time; it moves between threads.
class PackedQueue {
public:
    // Errors: those of check_queue(). `size_max`: as SplitQueue::enable().
    [[nodiscard]] static Result<PackedQueue> enable(const QueueConfig& config,
                                                    std::uint16_t size_max, FeatureSet accepted,
                                                    std::shared_ptr<const GuestMemory> memory);

    // Takes the next available list. `chain` has room for chain_length_max() buffers.
    [[nodiscard]] Popped pop(DescriptorChain& chain);
    // Hands a chain back; `written` is the number of bytes the device wrote into it.
    void push_used(ChainHead head, std::uint32_t written);
    // Whether the driver wants an interrupt for what was pushed since the last call (§2.8.10).
    [[nodiscard]] bool should_notify();

    // Asks the driver not to notify; a hint (§2.8.10).
    void disable_notification();
    // Asks it to notify again. True: more came meanwhile, so look again.
    [[nodiscard]] bool enable_notification();

    [[nodiscard]] std::uint16_t size() const { return layout_.size; }
    [[nodiscard]] std::uint16_t chain_length_max() const { return chain_length_max_; }

private:
    // A place in the ring, and the wrap counter of who is there (§2.8.1).
    struct Position {
        std::uint16_t index = 0;
        bool wrap = true;

        void advance(std::uint16_t count, std::uint16_t size);
    };
    // One descriptor, copied.
    struct Entry {
        std::uint64_t address = 0;
        std::uint32_t length = 0;
        std::uint16_t id = 0;
        std::uint16_t flags = 0;
    };

    PackedQueue(const QueueLayout& layout, std::uint16_t size_max, FeatureSet accepted,
                std::shared_ptr<const GuestMemory> memory);

    [[nodiscard]] std::uint16_t load_flags(Position at) const;
    // False when the descriptor there is not available.
    [[nodiscard]] bool read_available(Position at, Entry& entry) const;
    // Empty text when what the descriptor describes was added; `first`: of its list.
    [[nodiscard]] std::string_view add(const Entry& entry, bool first, ChainBuilder& chain) const;
    [[nodiscard]] std::string_view add_table(const Entry& entry, ChainBuilder& chain) const;
    [[nodiscard]] bool passed(std::uint32_t event, std::uint32_t pushed) const;

    QueueLayout layout_;
    std::uint16_t chain_length_max_;
    bool event_index_;
    bool indirect_;
    std::shared_ptr<const GuestMemory> memory_;

    Position next_available_;
    Position next_used_;
    std::uint16_t in_flight_ = 0;  // descriptors popped and not yet handed back
    std::uint32_t pushed_ = 0;     // entries gone over since the last should_notify()
};

}  // namespace siskin
