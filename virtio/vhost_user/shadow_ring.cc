// SPDX-License-Identifier: Apache-2.0
// ShadowRing.
#include "virtio/vhost_user/shadow_ring.h"

#include <atomic>
#include <cstddef>

#include "base/bits.h"
#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

// A slot: header, range, status, then the table.
constexpr std::size_t kRangeOffset = 16;
constexpr std::size_t kStatusOffset = 32;
constexpr std::size_t kTableOffset = 48;
// No status of §5.2.6: what is found when the back end wrote none.
constexpr std::uint8_t kNoStatus = 0xff;

constexpr std::size_t slot_size(std::uint16_t entries) {
    return kTableOffset + entries * sizeof(spec::Descriptor);
}
constexpr std::size_t available_offset(std::uint16_t entries) {
    return entries * sizeof(spec::Descriptor);
}
// Entries, and the event field that nobody uses.
constexpr std::size_t used_offset(std::uint16_t entries) {
    return align_up(available_offset(entries) + spec::kRingEntriesOffset + entries * 2U + 2U, 4);
}
constexpr std::size_t slots_offset(std::uint16_t entries) {
    return align_up(
        used_offset(entries) + spec::kRingEntriesOffset + entries * sizeof(spec::UsedElement) + 2U,
        16);
}

GuestSpan part(GuestSpan memory, std::size_t from, std::size_t to) {
    return {memory.data() + from, to - from};
}

std::uint64_t address_of(const void* data) {
    return reinterpret_cast<std::uintptr_t>(data);
}

}  // namespace

std::size_t ShadowRing::memory_size(std::uint16_t entries) {
    return slots_offset(entries) + entries * slot_size(entries);
}

ShadowRing::ShadowRing(GuestSpan memory, std::uint16_t entries)
    : entries_(entries),
      memory_(memory),
      available_(part(memory, available_offset(entries), used_offset(entries))),
      used_(part(memory, used_offset(entries), slots_offset(entries))),
      slots_(part(memory, slots_offset(entries), memory_size(entries))),
      busy_(entries) {
    SISKIN_ASSERT(is_power_of_two(entries) && memory.size() >= memory_size(entries));
    for (std::uint16_t number = entries; number-- > 0;) {
        free_.push_back(number);
    }
}

GuestSpan ShadowRing::slot(std::uint16_t number) const {
    const std::size_t size = slot_size(entries_);
    return {slots_.data() + number * size, size};
}

std::uint16_t ShadowRing::begin(const spec::BlockRequestHeader& header) {
    SISKIN_ASSERT(has_room());
    const std::uint16_t number = free_.back();
    free_.pop_back();
    busy_[number] = true;
    const GuestSpan own = slot(number);
    own.write(header);
    own.write(kNoStatus, kStatusOffset);
    own.write(spec::Descriptor{address_of(own.data()), std::uint32_t{sizeof(header)},
                               spec::kDescriptorNext, std::uint16_t{1}},
              kTableOffset);
    return number;
}

std::uint16_t ShadowRing::put(const spec::BlockRequestHeader& header, std::span<const iovec> data,
                              bool is_read) {
    SISKIN_ASSERT(data.size() <= buffers_max());
    const std::uint16_t number = begin(header);
    const GuestSpan own = slot(number);
    const auto flags =
        static_cast<std::uint16_t>(spec::kDescriptorNext | (is_read ? spec::kDescriptorWrite : 0U));
    std::uint16_t index = 1;
    for (const iovec& buffer : data) {
        const std::size_t at = kTableOffset + index * sizeof(spec::Descriptor);
        ++index;
        own.write(spec::Descriptor{address_of(buffer.iov_base),
                                   static_cast<std::uint32_t>(buffer.iov_len), flags, index},
                  at);
    }
    offer(number, data.size());
    return number;
}

std::uint16_t ShadowRing::put_range(const spec::BlockRequestHeader& header,
                                    const spec::BlockRangeSegment& range) {
    const std::uint16_t number = begin(header);
    const GuestSpan own = slot(number);
    own.write(range, kRangeOffset);
    own.write(spec::Descriptor{address_of(own.data() + kRangeOffset), std::uint32_t{sizeof(range)},
                               spec::kDescriptorNext, std::uint16_t{2}},
              kTableOffset + sizeof(spec::Descriptor));
    offer(number, 1);
    return number;
}

// The status ends the table, which becomes the ring's next entry.
void ShadowRing::offer(std::uint16_t number, std::size_t buffers) {
    const GuestSpan own = slot(number);
    own.write(spec::Descriptor{address_of(own.data() + kStatusOffset), std::uint32_t{1},
                               spec::kDescriptorWrite, std::uint16_t{0}},
              kTableOffset + (buffers + 1) * sizeof(spec::Descriptor));
    memory_.write(
        spec::Descriptor{address_of(own.data() + kTableOffset),
                         static_cast<std::uint32_t>((buffers + 2) * sizeof(spec::Descriptor)),
                         spec::kDescriptorIndirect, std::uint16_t{0}},
        number * sizeof(spec::Descriptor));
    const std::size_t entry = offered_ % entries_;
    available_.write(le16(number), spec::kRingEntriesOffset + entry * sizeof(le16));
    ++offered_;
}

bool ShadowRing::publish() {
    available_.store<std::uint16_t>(offered_, spec::kRingIndexOffset, std::memory_order_release);
    // §2.7.10.1: the index is seen before the flags are looked at.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const auto flags = used_.load<std::uint16_t>(spec::kRingFlagsOffset, std::memory_order_relaxed);
    return (flags & spec::kUsedNoNotify) == 0;
}

Result<std::optional<ShadowRing::Finished>> ShadowRing::take() {
    const auto index = used_.load<std::uint16_t>(spec::kRingIndexOffset, std::memory_order_acquire);
    const auto waiting = static_cast<std::uint16_t>(index - taken_);
    if (waiting == 0) {
        return std::optional<Finished>();
    }
    if (waiting > in_flight()) {
        return fail(concat("it returned ", waiting, " requests and had ", in_flight()));
    }
    const std::size_t entry = taken_ % entries_;
    const auto element =
        used_.read<spec::UsedElement>(spec::kRingEntriesOffset + entry * sizeof(spec::UsedElement));
    const std::uint32_t number = element.id.value();
    if (number >= entries_ || !busy_[number]) {
        return fail(concat("it returned request ", number, ", which it did not have"));
    }
    ++taken_;
    busy_[number] = false;
    const auto freed = static_cast<std::uint16_t>(number);
    const auto status = slot(freed).read<std::uint8_t>(kStatusOffset);
    free_.push_back(freed);
    return std::optional(Finished{freed, status});
}

}  // namespace siskin
