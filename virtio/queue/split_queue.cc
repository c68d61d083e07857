// SPDX-License-Identifier: Apache-2.0
// SplitQueue.
#include "virtio/queue/split_queue.h"

#include <atomic>
#include <utility>

#include "virtio/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

std::size_t available_entry_offset(const QueueLayout& layout, std::uint16_t index) {
    return spec::kRingEntriesOffset + std::size_t{2} * (index & (layout.size - 1u));
}

std::size_t used_entry_offset(const QueueLayout& layout, std::uint16_t index) {
    return spec::kRingEntriesOffset + sizeof(spec::UsedElement) * (index & (layout.size - 1u));
}

// §2.7.6: used_event follows the available ring's entries.
std::size_t used_event_offset(const QueueLayout& layout) {
    return spec::kRingEntriesOffset + std::size_t{2} * layout.size;
}

// §2.7.8: avail_event follows the used ring's entries.
std::size_t available_event_offset(const QueueLayout& layout) {
    return spec::kRingEntriesOffset + sizeof(spec::UsedElement) * layout.size;
}

}  // namespace

Result<SplitQueue> SplitQueue::enable(const QueueConfig& config, std::uint16_t size_max,
                                      FeatureSet accepted,
                                      std::shared_ptr<const GuestMemory> memory) {
    const QueueLayout layout =
        SISKIN_TRY(check_queue(config, size_max, RingFormat::Split, *memory));
    return SplitQueue(layout, size_max, accepted, std::move(memory));
}

SplitQueue::SplitQueue(const QueueLayout& layout, std::uint16_t size_max, FeatureSet accepted,
                       std::shared_ptr<const GuestMemory> memory)
    : layout_(layout),
      chain_length_max_(size_max),
      event_index_(accepted.has(spec::kFeatureRingEventIdx)),
      indirect_(accepted.has(spec::kFeatureRingIndirectDesc)),
      memory_(std::move(memory)) {}

std::uint16_t SplitQueue::available_index() const {
    return layout_.driver_area.load<std::uint16_t>(spec::kRingIndexOffset,
                                                   std::memory_order_acquire);
}

Popped SplitQueue::pop(DescriptorChain& chain) {
    const std::uint16_t available = available_index();
    const auto waiting = static_cast<std::uint16_t>(available - next_available_);
    if (waiting == 0) {
        return Popped{};
    }
    // §2.7.13.3: a driver cannot have offered more chains than there are entries; this also
    // catches an index that went backwards.
    if (waiting > layout_.size) {
        return broken_ring("available index moved by more than the queue size");
    }
    const ChainHead head{layout_.driver_area.load<std::uint16_t>(
        available_entry_offset(layout_, next_available_), std::memory_order_relaxed)};
    ++next_available_;
    if (head.id >= layout_.size) {
        return Popped{Popped::Outcome::BadHead, head, "head is not in the descriptor table"};
    }
    chain.begin(head);
    ChainBuilder builder(*memory_, chain_length_max_, chain);
    const std::string_view reason =
        walk_table(Table{layout_.descriptor_area, layout_.size, false}, head.id, builder);
    if (!reason.empty()) {
        return Popped{Popped::Outcome::BadChain, head, reason};
    }
    return Popped{Popped::Outcome::Chain, head, {}};
}

std::string_view SplitQueue::walk_table(const Table& table, std::uint16_t first,
                                        ChainBuilder& chain) const {
    std::uint16_t index = first;
    // The table's size is the longest legal chain in it; beyond it the driver built a loop
    // (§2.7.5.2).
    for (std::uint32_t seen = 0; seen < table.size; ++seen) {
        const auto descriptor =
            table.entries.read<spec::Descriptor>(index * sizeof(spec::Descriptor));
        const std::uint16_t flags = descriptor.flags;
        if ((flags & spec::kDescriptorIndirect) != 0) {
            // §2.7.5.3.1: no indirect descriptor inside an indirect table.
            return table.indirect ? "indirect descriptor inside an indirect table"
                                  : walk_indirect(descriptor, chain);
        }
        const std::string_view reason =
            chain.add(descriptor.address, descriptor.length, (flags & spec::kDescriptorWrite) != 0);
        if (!reason.empty() || (flags & spec::kDescriptorNext) == 0) {
            return reason;
        }
        index = descriptor.next;
        if (index >= table.size) {
            return "next descriptor is not in the descriptor table";
        }
    }
    return "descriptor chain is longer than the queue";
}

std::string_view SplitQueue::walk_indirect(const spec::Descriptor& descriptor,
                                           ChainBuilder& chain) const {
    // §2.7.5.3.1: only when negotiated, never together with NEXT.
    if (!indirect_) {
        return "indirect descriptor without VIRTIO_F_INDIRECT_DESC";
    }
    if ((descriptor.flags & spec::kDescriptorNext) != 0) {
        return "indirect descriptor with a next one";
    }
    const std::uint32_t length = descriptor.length;
    if (length == 0 || length % sizeof(spec::Descriptor) != 0) {
        return "indirect table is not a number of descriptors";
    }
    const auto entries = chain.memory().span(GuestAddress{descriptor.address}, ByteCount{length});
    if (!entries) {
        return "indirect table is not inside one region of RAM";
    }
    // §2.7.5.3.1 bounds the chain, not the table: of a larger one only chain_length_max_ entries
    // can be walked.
    const auto count = static_cast<std::uint32_t>(length / sizeof(spec::Descriptor));
    return walk_table(Table{*entries, count, true}, 0, chain);
}

void SplitQueue::push_used(ChainHead head, std::uint32_t written) {
    layout_.device_area.write(spec::UsedElement{std::uint32_t{head.id}, written},
                              used_entry_offset(layout_, next_used_));
    ++next_used_;
    // Release: the driver that sees the index sees the entry and the buffer (§2.7.8).
    layout_.device_area.store<std::uint16_t>(next_used_, spec::kRingIndexOffset,
                                             std::memory_order_release);
}

bool SplitQueue::should_notify() {
    const auto pushed = static_cast<std::uint16_t>(next_used_ - notified_used_);
    if (pushed == 0) {
        return false;
    }
    notified_used_ = next_used_;
    // The used index must be visible before the driver's wish is read, or both sides may wait
    // (§2.7.7.2).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (event_index_) {
        const auto event = layout_.driver_area.load<std::uint16_t>(used_event_offset(layout_),
                                                                   std::memory_order_relaxed);
        // §2.7.7.2: whether used_event lies among the entries pushed now, modulo 2^16.
        const auto distance = static_cast<std::uint16_t>(next_used_ - event - 1);
        return distance < pushed;
    }
    const auto flags =
        layout_.driver_area.load<std::uint16_t>(spec::kRingFlagsOffset, std::memory_order_relaxed);
    return (flags & spec::kAvailableNoInterrupt) == 0;
}

void SplitQueue::disable_notification() {
    // With event indices, leaving avail_event behind does the same (§2.7.10.2).
    if (!event_index_) {
        layout_.device_area.store<std::uint16_t>(spec::kUsedNoNotify, spec::kRingFlagsOffset,
                                                 std::memory_order_relaxed);
    }
}

bool SplitQueue::enable_notification() {
    if (event_index_) {
        // §2.7.10.2: with event indices the flags are 0, whatever was in that memory.
        layout_.device_area.store<std::uint16_t>(0, spec::kRingFlagsOffset,
                                                 std::memory_order_relaxed);
        layout_.device_area.store<std::uint16_t>(next_available_, available_event_offset(layout_),
                                                 std::memory_order_relaxed);
    } else {
        layout_.device_area.store<std::uint16_t>(0, spec::kRingFlagsOffset,
                                                 std::memory_order_relaxed);
    }
    // Our wish must be visible before the index is read again, or both sides may wait (§2.7.10.2).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return available_index() != next_available_;
}

}  // namespace siskin
