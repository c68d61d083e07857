// SPDX-License-Identifier: Apache-2.0
// DriverQueue.
#include "tests/harness/driver_queue.h"

#include "base/result.h"

namespace siskin {

namespace spec = virtio_spec;

DriverQueue::DriverQueue(TestGuest& guest, std::uint16_t size) : guest_(guest) {
    config_.size = size;
    config_.descriptor_area = GuestAddress{guest.allocate(descriptor_table_size(size).value(), 16)};
    config_.driver_area = GuestAddress{guest.allocate(available_ring_size(size).value(), 2)};
    config_.device_area = GuestAddress{guest.allocate(used_ring_size(size).value(), 4)};
}

DriverQueue DriverQueue::legacy(TestGuest& guest, std::uint16_t size) {
    constexpr std::uint64_t kPage = 4096;
    const std::uint64_t front = std::uint64_t{16} * size + std::uint64_t{2} * (3U + size);
    const std::uint64_t pages = (front + kPage - 1) / kPage;
    const std::uint64_t base = guest.allocate(pages * kPage + 6 + std::uint64_t{8} * size, kPage);
    DriverQueue queue(guest, size);
    queue.config_.descriptor_area = GuestAddress{base};
    queue.config_.driver_area = GuestAddress{base + std::uint64_t{16} * size};
    queue.config_.device_area = GuestAddress{base + pages * kPage};
    return queue;
}

SplitQueue DriverQueue::device_side(FeatureSet accepted, std::uint16_t size_max) {
    auto queue = SplitQueue::enable(config_, size_max == 0 ? config_.size : size_max, accepted,
                                    guest_.memory());
    SISKIN_ASSERT(queue.has_value());
    return std::move(*queue);
}

Virtqueue DriverQueue::virtqueue(FeatureSet accepted, std::uint16_t size_max) {
    auto queue = Virtqueue::enable(config_, size_max == 0 ? config_.size : size_max, accepted,
                                   guest_.memory());
    SISKIN_ASSERT(queue.has_value());
    return std::move(*queue);
}

std::uint16_t DriverQueue::put_chain(std::uint16_t first,
                                     const std::vector<DriverBuffer>& buffers) {
    for (std::size_t at = 0; at < buffers.size(); ++at) {
        const bool more = at + 1 < buffers.size();
        const auto index = static_cast<std::uint16_t>(first + at);
        const unsigned flags = (more ? spec::kDescriptorNext : 0U) |
                               (buffers[at].writable ? spec::kDescriptorWrite : 0U);
        put_descriptor(index, spec::Descriptor{buffers[at].address, buffers[at].length,
                                               static_cast<std::uint16_t>(flags),
                                               static_cast<std::uint16_t>(more ? index + 1 : 0)});
    }
    return first;
}

std::uint16_t DriverQueue::put_indirect(std::uint16_t index,
                                        const std::vector<DriverBuffer>& buffers) {
    const std::uint64_t size = buffers.size() * sizeof(spec::Descriptor);
    const std::uint64_t table = guest_.allocate(size);
    for (std::size_t at = 0; at < buffers.size(); ++at) {
        const bool more = at + 1 < buffers.size();
        const unsigned flags = (more ? spec::kDescriptorNext : 0U) |
                               (buffers[at].writable ? spec::kDescriptorWrite : 0U);
        guest_.write(table + at * sizeof(spec::Descriptor),
                     spec::Descriptor{buffers[at].address, buffers[at].length,
                                      static_cast<std::uint16_t>(flags),
                                      static_cast<std::uint16_t>(more ? at + 1 : 0)});
    }
    put_descriptor(index, spec::Descriptor{table, static_cast<std::uint32_t>(size),
                                           spec::kDescriptorIndirect, std::uint16_t{0}});
    return index;
}

std::uint16_t DriverQueue::link_in_a_circle(const std::vector<std::uint16_t>& indices) {
    for (std::size_t at = 0; at < indices.size(); ++at) {
        put_descriptor(indices[at],
                       spec::Descriptor{std::uint64_t{0x1000}, 16U, spec::kDescriptorNext,
                                        indices[(at + 1) % indices.size()]});
    }
    return indices.front();
}

void DriverQueue::put_descriptor(std::uint16_t index, spec::Descriptor descriptor) {
    guest_.write(descriptor_address(index), descriptor);
}

std::uint64_t DriverQueue::descriptor_address(std::uint16_t index) const {
    return config_.descriptor_area.value() + index * sizeof(spec::Descriptor);
}

void DriverQueue::put_available(std::uint16_t head) {
    const std::uint64_t ring = config_.driver_area.value();
    guest_.write(ring + spec::kRingEntriesOffset + 2U * (available_ % config_.size), head);
    set_available_index(static_cast<std::uint16_t>(available_ + 1));
}

void DriverQueue::set_available_index(std::uint16_t index) {
    available_ = index;
    guest_.span(config_.driver_area.value(), 4)
        .store<std::uint16_t>(index, spec::kRingIndexOffset, std::memory_order_seq_cst);
}

std::uint16_t DriverQueue::used_index() const {
    return guest_.span(config_.device_area.value(), 4)
        .load<std::uint16_t>(spec::kRingIndexOffset, std::memory_order_seq_cst);
}

std::optional<spec::UsedElement> DriverQueue::take_used() {
    if (used_index() == used_seen_) {
        return std::nullopt;
    }
    const std::uint64_t at = config_.device_area.value() + spec::kRingEntriesOffset +
                             sizeof(spec::UsedElement) * (used_seen_ % config_.size);
    ++used_seen_;
    return guest_.read<spec::UsedElement>(at);
}

void DriverQueue::set_available_flags(std::uint16_t flags) {
    guest_.write(config_.driver_area.value(), flags);
}

void DriverQueue::set_used_event(std::uint16_t index) {
    guest_.write(config_.driver_area.value() + 4 + 2U * config_.size, index);
}

std::uint16_t DriverQueue::used_flags() const {
    return guest_.read<std::uint16_t>(config_.device_area.value());
}

std::uint16_t DriverQueue::available_event() const {
    return guest_.read<std::uint16_t>(config_.device_area.value() + 4 + 8U * config_.size);
}

}  // namespace siskin
