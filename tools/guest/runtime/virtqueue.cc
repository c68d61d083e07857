// SPDX-License-Identifier: Apache-2.0
// The driver's side of a split virtqueue.
#include "tools/guest/runtime/virtqueue.h"

#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/text.h"

namespace siskin::guest {

namespace {

constexpr unsigned kIndirectLength = 16;
constexpr std::uint64_t kArenaSize = 1 << 20;
alignas(4096) std::uint8_t arena[kArenaSize];
std::uint64_t arena_used = 0;

}  // namespace

void* allocate(std::uint64_t size, std::uint64_t alignment) {
    const std::uint64_t start = (arena_used + alignment - 1) & ~(alignment - 1);
    if (start + size > kArenaSize) {
        require(false, "the guest's own memory suffices");
    }
    arena_used = start + size;
    return &arena[start];
}

void Virtqueue::set_up(std::uint16_t size, Options options) {
    const std::uint64_t available_size = 6 + 2ULL * kQueueSizeMax;
    const std::uint64_t used_size = 6 + 8ULL * kQueueSizeMax;
    if (descriptors_ == nullptr) {
        descriptors_ = static_cast<Descriptor*>(allocate(16ULL * kQueueSizeMax, 4096));
        available_ = static_cast<AvailableRing*>(allocate(available_size, 2));
        // At a page: so a queue of kQueueSizeMax is laid out as the legacy interface has it
        // (§2.7.2).
        used_ = static_cast<UsedRing*>(allocate(used_size, 4096));
        indirect_tables_ =
            static_cast<Descriptor*>(allocate(16ULL * kIndirectLength * kQueueSizeMax, 16));
    }
    memset(const_cast<Descriptor*>(descriptors_), 0, 16ULL * kQueueSizeMax);
    memset(const_cast<AvailableRing*>(available_), 0, available_size);
    memset(const_cast<UsedRing*>(used_), 0, used_size);
    size_ = size;
    options_ = options;
    next_descriptor_ = next_available_ = notified_at_ = next_used_ = 0;
    set_interrupts(false);
}

std::uint64_t Virtqueue::descriptors_address() const {
    return reinterpret_cast<std::uint64_t>(descriptors_);
}
std::uint64_t Virtqueue::available_address() const {
    return reinterpret_cast<std::uint64_t>(available_);
}
std::uint64_t Virtqueue::used_address() const {
    return reinterpret_cast<std::uint64_t>(used_);
}

std::uint16_t Virtqueue::add(const Buffer* buffers, unsigned count) {
    const std::uint16_t head = next_descriptor_;
    Descriptor* const table = &indirect_tables_[std::uint64_t{head} * kIndirectLength];
    const bool indirect = options_.indirect && count <= kIndirectLength;
    for (unsigned i = 0; i < count; ++i) {
        const bool last = i + 1 == count;
        const auto index = static_cast<std::uint16_t>(indirect ? i : (head + i) & (size_ - 1U));
        const auto next =
            static_cast<std::uint16_t>(indirect ? i + 1 : (index + 1U) & (size_ - 1U));
        const auto flags = static_cast<std::uint16_t>(
            (last ? 0 : kDescriptorNext) | (buffers[i].device_writes ? kDescriptorWrite : 0));
        volatile Descriptor& entry = indirect ? table[index] : descriptors_[index];
        entry.address = reinterpret_cast<std::uint64_t>(buffers[i].data);
        entry.length = buffers[i].size;
        entry.flags = flags;
        entry.next = last ? std::uint16_t{0} : next;
    }
    if (indirect) {
        descriptors_[head].address = reinterpret_cast<std::uint64_t>(table);
        descriptors_[head].length = count * 16;
        descriptors_[head].flags = kDescriptorIndirect;
        descriptors_[head].next = 0;
    }
    next_descriptor_ = static_cast<std::uint16_t>((head + (indirect ? 1 : count)) & (size_ - 1U));
    publish_head(head);
    return head;
}

void Virtqueue::publish_head(std::uint16_t head) {
    available_->ring[next_available_ & (size_ - 1U)] = head;
    set_available_index(static_cast<std::uint16_t>(next_available_ + 1));
}

void Virtqueue::set_available_index(std::uint16_t index) {
    notified_at_ = next_available_;
    next_available_ = index;
    full_barrier();  // §2.7.13.3: the entry before the index
    available_->index = index;
    full_barrier();  // §2.7.13.4.1: the index before the look at the suppression
}

bool Virtqueue::wants_notification() const {
    if (!options_.event_index) {
        return (used_->flags & 1) == 0;
    }
    const std::uint16_t event = available_event();  // §2.7.10
    return static_cast<std::uint16_t>(next_available_ - event - 1) <
           static_cast<std::uint16_t>(next_available_ - notified_at_);
}

bool Virtqueue::has_used() const {
    return used_->index != next_used_;
}

UsedElement Virtqueue::take_used() {
    compiler_barrier();  // loads stay in order on x86
    const volatile UsedElement& element = used_->ring[next_used_ & (size_ - 1U)];
    const UsedElement copy{element.id, element.length};
    next_used_ = static_cast<std::uint16_t>(next_used_ + 1);
    if (interrupts_wanted_) {
        set_interrupts(true);
    }
    return copy;
}

void Virtqueue::set_interrupts(bool wanted) {
    interrupts_wanted_ = wanted;
    if (options_.event_index) {
        // §2.7.7.1: half a ring away is as good as never.
        used_event() = static_cast<std::uint16_t>(wanted ? next_used_ : next_used_ - 1);
    } else {
        available_->flags = wanted ? 0 : 1;
    }
    full_barrier();
}

std::uint16_t Virtqueue::used_index() const {
    return used_->index;
}

volatile std::uint16_t& Virtqueue::used_event() {
    return available_->ring[size_];
}

volatile std::uint16_t& Virtqueue::available_event() const {
    return *reinterpret_cast<volatile std::uint16_t*>(&used_->ring[size_]);
}

}  // namespace siskin::guest
