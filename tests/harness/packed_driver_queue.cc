// SPDX-License-Identifier: Apache-2.0
// PackedDriverQueue.
#include "tests/harness/packed_driver_queue.h"

#include <utility>

#include "base/result.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::size_t kFlagsOffset = 14;

}  // namespace

PackedDriverQueue::PackedDriverQueue(TestGuest& guest, std::uint16_t size) : guest_(guest) {
    config_.size = size;
    config_.descriptor_area = GuestAddress{guest.allocate(descriptor_table_size(size).value(), 16)};
    config_.driver_area = GuestAddress{guest.allocate(4, 4)};
    config_.device_area = GuestAddress{guest.allocate(4, 4)};
}

PackedQueue PackedDriverQueue::device_side(FeatureSet accepted, std::uint16_t size_max) {
    auto queue = PackedQueue::enable(config_, size_max == 0 ? config_.size : size_max, accepted,
                                     guest_.memory());
    SISKIN_ASSERT(queue.has_value());
    return std::move(*queue);
}

Virtqueue PackedDriverQueue::virtqueue(FeatureSet accepted, std::uint16_t size_max) {
    accepted.add(spec::kFeatureRingPacked);
    auto queue = Virtqueue::enable(config_, size_max == 0 ? config_.size : size_max, accepted,
                                   guest_.memory());
    SISKIN_ASSERT(queue.has_value());
    return std::move(*queue);
}

void PackedDriverQueue::advance(Position& position, std::uint16_t count) const {
    const unsigned next = position.index + count;
    position.index = static_cast<std::uint16_t>(next % config_.size);
    position.wrap = position.wrap != ((next / config_.size) % 2 != 0);
}

std::uint16_t PackedDriverQueue::available_flags(std::uint16_t flags) const {
    return static_cast<std::uint16_t>(
        flags | (next_available_.wrap ? spec::kPackedAvailable : spec::kPackedUsed));
}

void PackedDriverQueue::offer(std::uint16_t id, const std::vector<DriverBuffer>& buffers) {
    // §2.8.17: the first of the list becomes available last.
    const Position first = next_available_;
    std::uint16_t first_flags = 0;
    for (std::size_t at = 0; at < buffers.size(); ++at) {
        const DriverBuffer& buffer = buffers[at];
        const unsigned flags = (at + 1 < buffers.size() ? spec::kDescriptorNext : 0U) |
                               (buffer.writable ? spec::kDescriptorWrite : 0U);
        spec::PackedDescriptor descriptor{buffer.address, buffer.length, id,
                                          available_flags(static_cast<std::uint16_t>(flags))};
        if (at == 0) {
            first_flags = descriptor.flags;
            descriptor.flags = static_cast<std::uint16_t>(
                first.wrap ? 0U : spec::kPackedAvailable | spec::kPackedUsed);
        }
        put_descriptor(next_available_.index, descriptor);
        advance(next_available_, 1);
    }
    lengths_[id] = static_cast<std::uint16_t>(buffers.size());
    guest_.span(descriptor_address(first.index), 16)
        .store<std::uint16_t>(first_flags, kFlagsOffset, std::memory_order_seq_cst);
}

void PackedDriverQueue::offer_indirect(std::uint16_t id, const std::vector<DriverBuffer>& buffers,
                                       std::uint16_t more_flags) {
    const auto size = static_cast<std::uint32_t>(buffers.size() * sizeof(spec::PackedDescriptor));
    const std::uint64_t table = guest_.allocate(size);
    for (std::size_t at = 0; at < buffers.size(); ++at) {
        guest_.write(table + at * sizeof(spec::PackedDescriptor),
                     spec::PackedDescriptor{
                         buffers[at].address, buffers[at].length, std::uint16_t{0},
                         buffers[at].writable ? spec::kDescriptorWrite : std::uint16_t{0}});
    }
    offer_descriptor(spec::PackedDescriptor{
        table, size, id, static_cast<std::uint16_t>(spec::kDescriptorIndirect | more_flags)});
}

void PackedDriverQueue::offer_descriptor(spec::PackedDescriptor descriptor) {
    const std::uint16_t flags = available_flags(descriptor.flags);
    lengths_[descriptor.id] = 1;
    descriptor.flags = static_cast<std::uint16_t>(
        next_available_.wrap ? 0U : spec::kPackedAvailable | spec::kPackedUsed);
    put_descriptor(next_available_.index, descriptor);
    guest_.span(descriptor_address(next_available_.index), 16)
        .store<std::uint16_t>(flags, kFlagsOffset, std::memory_order_seq_cst);
    advance(next_available_, 1);
}

void PackedDriverQueue::put_descriptor(std::uint16_t index, spec::PackedDescriptor descriptor) {
    guest_.write(descriptor_address(index), descriptor);
}

spec::PackedDescriptor PackedDriverQueue::descriptor(std::uint16_t index) const {
    return guest_.read<spec::PackedDescriptor>(descriptor_address(index));
}

std::uint64_t PackedDriverQueue::descriptor_address(std::uint16_t index) const {
    return config_.descriptor_area.value() + index * sizeof(spec::PackedDescriptor);
}

std::optional<spec::PackedDescriptor> PackedDriverQueue::take_used() {
    const auto flags = guest_.span(descriptor_address(next_used_.index), 16)
                           .load<std::uint16_t>(kFlagsOffset, std::memory_order_seq_cst);
    const bool available = (flags & spec::kPackedAvailable) != 0;
    const bool used = (flags & spec::kPackedUsed) != 0;
    if (available != used || used != next_used_.wrap) {
        return std::nullopt;
    }
    const spec::PackedDescriptor taken = descriptor(next_used_.index);
    const auto length = lengths_.find(taken.id);
    advance(next_used_, length == lengths_.end() ? std::uint16_t{1} : length->second);
    return taken;
}

void PackedDriverQueue::set_driver_event(std::uint32_t value) {
    guest_.write(config_.driver_area.value(), value);
}

void PackedDriverQueue::want_interrupt_at(Position at) {
    set_driver_event(spec::kEventDescriptor << spec::kEventFlagsShift |
                     (at.wrap ? 1U << spec::kEventWrapShift : 0U) | at.index);
}

std::uint32_t PackedDriverQueue::device_event() const {
    return guest_.read<std::uint32_t>(config_.device_area.value());
}

}  // namespace siskin
