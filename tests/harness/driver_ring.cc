// SPDX-License-Identifier: Apache-2.0
// DriverRing.
#include "tests/harness/driver_ring.h"

#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

DriverRing::DriverRing(TestGuest& guest, RingFormat format, std::uint16_t size)
    : format_(format), split_(guest, size), packed_(guest, size), free_(size) {
    for (std::uint16_t id = 0; id < size; ++id) {
        ids_.push_back(id);
    }
}

const QueueConfig& DriverRing::config() const {
    return format_ == RingFormat::Packed ? packed_.config() : split_.config();
}

Virtqueue DriverRing::device_side(FeatureSet accepted, std::uint16_t size_max) {
    return format_ == RingFormat::Packed ? packed_.virtqueue(accepted, size_max)
                                         : split_.virtqueue(accepted, size_max);
}

// A split list takes as many of the free descriptors, a packed one a single id.
std::optional<std::uint16_t> DriverRing::take_id(std::size_t descriptors) {
    if (descriptors == 0 || free_ < descriptors) {
        return std::nullopt;
    }
    free_ -= descriptors;
    const std::size_t count = format_ == RingFormat::Packed ? 1 : descriptors;
    const std::vector<std::uint16_t> taken(ids_.begin(),
                                           ids_.begin() + static_cast<std::ptrdiff_t>(count));
    ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(count));
    const std::uint16_t id = taken.front();
    // Packed: how many descriptors come back, by the length of this.
    taken_[id] =
        format_ == RingFormat::Packed ? std::vector<std::uint16_t>(descriptors, id) : taken;
    return id;
}

std::optional<std::uint16_t> DriverRing::offer(const std::vector<DriverBuffer>& buffers) {
    const auto id = take_id(buffers.size());
    if (!id) {
        return std::nullopt;
    }
    if (format_ == RingFormat::Packed) {
        packed_.offer(*id, buffers);
        return id;
    }
    const std::vector<std::uint16_t>& indices = taken_[*id];
    for (std::size_t at = 0; at < buffers.size(); ++at) {
        const bool more = at + 1 < buffers.size();
        const unsigned flags = (more ? spec::kDescriptorNext : 0U) |
                               (buffers[at].writable ? spec::kDescriptorWrite : 0U);
        split_.put_descriptor(indices[at],
                              spec::Descriptor{buffers[at].address, buffers[at].length,
                                               static_cast<std::uint16_t>(flags),
                                               more ? indices[at + 1] : std::uint16_t{0}});
    }
    split_.put_available(*id);
    return id;
}

std::optional<std::uint16_t> DriverRing::offer_indirect(const std::vector<DriverBuffer>& buffers) {
    const auto id = take_id(1);
    if (!id) {
        return std::nullopt;
    }
    if (format_ == RingFormat::Packed) {
        packed_.offer_indirect(*id, buffers);
    } else {
        split_.put_available(split_.put_indirect(*id, buffers));
    }
    return id;
}

std::optional<DriverRing::Used> DriverRing::take_used() {
    std::optional<Used> used;
    if (format_ == RingFormat::Packed) {
        if (const auto taken = packed_.take_used()) {
            used = Used{taken->id, taken->length};
        }
    } else if (const auto taken = split_.take_used()) {
        used = Used{static_cast<std::uint16_t>(taken->id), taken->length};
    }
    if (!used) {
        return std::nullopt;
    }
    const auto found = taken_.find(used->id);
    if (found != taken_.end()) {
        free_ += found->second.size();
        if (format_ == RingFormat::Packed) {
            ids_.push_back(used->id);
        } else {
            ids_.insert(ids_.end(), found->second.begin(), found->second.end());
        }
        taken_.erase(found);
    }
    ++used_;
    return used;
}

void DriverRing::want_interrupts() {
    packed_.set_driver_event(spec::kEventEnable << spec::kEventFlagsShift);
    split_.set_available_flags(0);
}

void DriverRing::want_no_interrupts() {
    packed_.set_driver_event(spec::kEventDisable << spec::kEventFlagsShift);
    split_.set_available_flags(spec::kAvailableNoInterrupt);
}

void DriverRing::want_interrupt_after(std::uint16_t ahead) {
    PackedDriverQueue::Position at = packed_.next_used();
    const unsigned index = at.index + unsigned{ahead};
    at.wrap = at.wrap != ((index / packed_.size()) % 2 != 0);
    at.index = static_cast<std::uint16_t>(index % packed_.size());
    packed_.want_interrupt_at(at);
    split_.set_used_event(static_cast<std::uint16_t>(used_ + ahead));
}

}  // namespace siskin
