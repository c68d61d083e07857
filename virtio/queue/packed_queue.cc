// SPDX-License-Identifier: Apache-2.0
// PackedQueue.
#include "virtio/queue/packed_queue.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>

namespace siskin {
namespace {

namespace spec = virtio_spec;

// What of a descriptor is read apart from its flags.
struct Body {
    le64 address;
    le32 length;
    le16 id;
};
constexpr std::size_t kFlagsOffset = offsetof(spec::PackedDescriptor, flags);
static_assert(offsetof(Body, id) == offsetof(spec::PackedDescriptor, id));

std::size_t entry_offset(std::uint32_t index) {
    return std::size_t{index} * sizeof(spec::PackedDescriptor);
}

// §2.8.1: available when the driver's wrap counter is in AVAIL and its inverse in USED.
bool is_available(std::uint16_t flags, bool wrap) {
    return ((flags & spec::kPackedAvailable) != 0) == wrap &&
           ((flags & spec::kPackedUsed) != 0) != wrap;
}

}  // namespace

void PackedQueue::Position::advance(std::uint16_t count, std::uint16_t size) {
    const std::uint32_t next = std::uint32_t{index} + count;
    const bool wraps = next >= size;
    index = static_cast<std::uint16_t>(wraps ? next - size : next);
    wrap = wrap != wraps;
}

Result<PackedQueue> PackedQueue::enable(const QueueConfig& config, std::uint16_t size_max,
                                        FeatureSet accepted,
                                        std::shared_ptr<const GuestMemory> memory) {
    const QueueLayout layout =
        SISKIN_TRY(check_queue(config, size_max, RingFormat::Packed, *memory));
    return PackedQueue(layout, size_max, accepted, std::move(memory));
}

PackedQueue::PackedQueue(const QueueLayout& layout, std::uint16_t size_max, FeatureSet accepted,
                         std::shared_ptr<const GuestMemory> memory)
    : layout_(layout),
      chain_length_max_(size_max),
      event_index_(accepted.has(spec::kFeatureRingEventIdx)),
      indirect_(accepted.has(spec::kFeatureRingIndirectDesc)),
      memory_(std::move(memory)) {}

std::uint16_t PackedQueue::load_flags(Position at) const {
    // Acquire: what the driver wrote before the flags is there (§2.8.21.1).
    return layout_.descriptor_area.load<std::uint16_t>(entry_offset(at.index) + kFlagsOffset,
                                                       std::memory_order_acquire);
}

bool PackedQueue::read_available(Position at, Entry& entry) const {
    entry.flags = load_flags(at);
    if (!is_available(entry.flags, at.wrap)) {
        return false;
    }
    const auto& ring = layout_.descriptor_area;
    const std::size_t offset = entry_offset(at.index);
    entry.address = ring.read<le64>(offset);
    entry.length = ring.read<le32>(offset + offsetof(Body, length));
    entry.id = ring.read<le16>(offset + offsetof(Body, id));
    return true;
}

Popped PackedQueue::pop(DescriptorChain& chain) {
    Position at = next_available_;
    Entry entry;
    if (!read_available(at, entry)) {
        return Popped{};
    }
    chain.begin(ChainHead{});
    ChainBuilder builder(*memory_, chain_length_max_, chain);
    std::string_view reason;
    std::uint16_t count = 0;
    while (true) {
        // §2.8.17: a list fits into the ring beside what is in it already. Without an end of the
        // list its buffer id is not known either.
        if (in_flight_ + count == layout_.size) {
            return broken_ring("descriptor list is longer than the free part of the ring");
        }
        if (reason.empty()) {
            reason = add(entry, count == 0, builder);
        }
        ++count;
        at.advance(1, layout_.size);
        if ((entry.flags & spec::kDescriptorNext) == 0) {
            break;
        }
        // §2.8.17: the first of a list is made available last.
        if (!read_available(at, entry)) {
            return broken_ring("descriptor list goes on in a descriptor that is not available");
        }
    }
    next_available_ = at;
    in_flight_ = static_cast<std::uint16_t>(in_flight_ + count);
    // §2.8.6: the last descriptor of a list has the buffer's id, which may be any number.
    const ChainHead head{entry.id, count};
    chain.set_head(head);
    return reason.empty() ? Popped{Popped::Outcome::Chain, head, {}}
                          : Popped{Popped::Outcome::BadChain, head, reason};
}

std::string_view PackedQueue::add(const Entry& entry, bool first, ChainBuilder& chain) const {
    if ((entry.flags & spec::kDescriptorIndirect) == 0) {
        return chain.add(entry.address, entry.length, (entry.flags & spec::kDescriptorWrite) != 0);
    }
    // §2.8.19: only when negotiated, and never in a list linked by NEXT.
    if (!indirect_) {
        return "indirect descriptor without VIRTIO_F_INDIRECT_DESC";
    }
    if (!first || (entry.flags & spec::kDescriptorNext) != 0) {
        return "indirect descriptor in a list";
    }
    return add_table(entry, chain);
}

std::string_view PackedQueue::add_table(const Entry& entry, ChainBuilder& chain) const {
    constexpr auto kSize = static_cast<std::uint32_t>(sizeof(spec::PackedDescriptor));
    if (entry.length == 0 || entry.length % kSize != 0) {
        return "indirect table is not a number of descriptors";
    }
    const auto table = memory_->span(GuestAddress{entry.address}, ByteCount{entry.length});
    if (!table) {
        return "indirect table is not inside one region of RAM";
    }
    // §2.8.7: one after the other; WRITE is the only flag there, and ids are ignored. The builder
    // ends the loop where the chain is too long.
    for (std::uint32_t index = 0; index < entry.length / kSize; ++index) {
        const auto descriptor = table->read<spec::PackedDescriptor>(entry_offset(index));
        const std::string_view reason = chain.add(descriptor.address, descriptor.length,
                                                  (descriptor.flags & spec::kDescriptorWrite) != 0);
        if (!reason.empty()) {
            return reason;
        }
    }
    return {};
}

void PackedQueue::push_used(ChainHead head, std::uint32_t written) {
    const auto& ring = layout_.descriptor_area;
    const std::size_t offset = entry_offset(next_used_.index);
    ring.write(le32(written), offset + offsetof(Body, length));
    ring.write(le16(head.id), offset + offsetof(Body, id));
    // §2.8.3: WRITE in a used descriptor says that the device has written.
    const unsigned flags = (next_used_.wrap ? spec::kPackedAvailable | spec::kPackedUsed : 0U) |
                           (written != 0 ? spec::kDescriptorWrite : 0U);
    // Release: the driver that sees the flags sees the rest and the buffer (§2.8.22).
    ring.store<std::uint16_t>(static_cast<std::uint16_t>(flags), offset + kFlagsOffset,
                              std::memory_order_release);
    // §2.8.6: one used descriptor a list; the entries of the others are passed over.
    next_used_.advance(head.descriptors, layout_.size);
    in_flight_ = static_cast<std::uint16_t>(in_flight_ - head.descriptors);
    pushed_ = std::min(pushed_ + head.descriptors, 2U * layout_.size);
}

bool PackedQueue::should_notify() {
    const std::uint32_t pushed = std::exchange(pushed_, 0);
    if (pushed == 0) {
        return false;
    }
    // The used flags must be visible before the driver's wish is read, or both sides may wait.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const auto event = layout_.driver_area.load<std::uint32_t>(0, std::memory_order_relaxed);
    const std::uint32_t flags = (event >> spec::kEventFlagsShift) & spec::kEventFlagsMask;
    if (flags == spec::kEventDescriptor && event_index_) {
        return passed(event, pushed);
    }
    // §2.8.14: what is reserved, or was not negotiated, suppresses nothing.
    return flags != spec::kEventDisable;
}

// Whether the descriptor that `event` names lies among the last `pushed` entries. Entries are
// counted over two rounds of the ring, which is when the wrap counter is the same again.
bool PackedQueue::passed(std::uint32_t event, std::uint32_t pushed) const {
    const std::uint32_t size = layout_.size;
    const std::uint32_t index = event & spec::kEventOffsetMask;
    if (index >= size) {
        return true;  // no descriptor; a notification too many does no harm
    }
    const bool wrap = ((event >> spec::kEventWrapShift) & 1) != 0;
    const std::uint32_t wanted = index + (wrap ? 0 : size);
    const std::uint32_t next = next_used_.index + (next_used_.wrap ? 0 : size);
    return (next + 2 * size - 1 - wanted) % (2 * size) < pushed;
}

void PackedQueue::disable_notification() {
    layout_.device_area.store<std::uint32_t>(spec::kEventDisable << spec::kEventFlagsShift, 0,
                                             std::memory_order_relaxed);
}

bool PackedQueue::enable_notification() {
    const std::uint32_t wrap = next_available_.wrap ? 1U << spec::kEventWrapShift : 0U;
    const std::uint32_t wish = event_index_ ? spec::kEventDescriptor << spec::kEventFlagsShift |
                                                  wrap | next_available_.index
                                            : spec::kEventEnable << spec::kEventFlagsShift;
    layout_.device_area.store<std::uint32_t>(wish, 0, std::memory_order_relaxed);
    // Our wish must be visible before the descriptor is looked at again, or both sides may wait.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return is_available(load_flags(next_available_), next_available_.wrap);
}

}  // namespace siskin
