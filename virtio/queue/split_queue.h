// SPDX-License-Identifier: Apache-2.0
// SplitQueue: the device's side of a split virtqueue (virtio 1.2 §2.7).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "base/units.h"
#include "virtio/features.h"
#include "virtio/queue/chain_builder.h"
#include "virtio/queue/descriptor_chain.h"
#include "virtio/queue/layout.h"
#include "virtio/queue/popped.h"
#include "virtio/spec.h"

namespace siskin {

// Frozen config, proved at enable(), and run-time state. It knows no transport. Every guest field
// is copied once, checked, and the copy used. Each call is bounded by the queue's size, allocates
// nothing and takes no lock. Thread: one at a time; it moves between threads.
class SplitQueue {
public:
    // Errors: those of check_queue(). `size_max` is the size the device offered; a chain that goes
    // through an indirect table may be that long.
    [[nodiscard]] static Result<SplitQueue> enable(const QueueConfig& config,
                                                   std::uint16_t size_max, FeatureSet accepted,
                                                   std::shared_ptr<const GuestMemory> memory);

    // Takes the next available chain. `chain` has room for chain_length_max() buffers.
    [[nodiscard]] Popped pop(DescriptorChain& chain);
    // Hands a chain back; `written` is the number of bytes the device wrote into it.
    void push_used(ChainHead head, std::uint32_t written);
    // Whether the driver wants an interrupt for what was pushed since the last call (§2.7.7.2).
    [[nodiscard]] bool should_notify();

    // Asks the driver not to notify; a hint (§2.7.10).
    void disable_notification();
    // Asks it to notify again. True: more came meanwhile, so look again.
    [[nodiscard]] bool enable_notification();

    [[nodiscard]] std::uint16_t size() const { return layout_.size; }
    [[nodiscard]] std::uint16_t chain_length_max() const { return chain_length_max_; }

private:
    SplitQueue(const QueueLayout& layout, std::uint16_t size_max, FeatureSet accepted,
               std::shared_ptr<const GuestMemory> memory);

    // A table of descriptors: the queue's own or an indirect one.
    struct Table {
        GuestSpan entries;
        std::uint32_t size;  // entries
        bool indirect;
    };
    // Empty text when the walk ended well.
    [[nodiscard]] std::string_view walk_table(const Table& table, std::uint16_t first,
                                              ChainBuilder& chain) const;
    [[nodiscard]] std::string_view walk_indirect(const virtio_spec::Descriptor& descriptor,
                                                 ChainBuilder& chain) const;
    [[nodiscard]] std::uint16_t available_index() const;

    QueueLayout layout_;
    std::uint16_t chain_length_max_;
    bool event_index_;
    bool indirect_;
    std::shared_ptr<const GuestMemory> memory_;

    std::uint16_t next_available_ = 0;  // free-running, as the ring's idx
    std::uint16_t next_used_ = 0;       // free-running
    std::uint16_t notified_used_ = 0;   // next_used_ at the last should_notify()
};

}  // namespace siskin
