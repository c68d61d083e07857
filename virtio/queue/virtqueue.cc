// SPDX-License-Identifier: Apache-2.0
// Virtqueue.
#include "virtio/queue/virtqueue.h"

#include <utility>

#include "virtio/spec.h"

namespace siskin {

Result<Virtqueue> Virtqueue::enable(const QueueConfig& config, std::uint16_t size_max,
                                    FeatureSet accepted,
                                    std::shared_ptr<const GuestMemory> memory) {
    const bool in_order = accepted.has(virtio_spec::kFeatureInOrder);
    if (ring_format_of(accepted) == RingFormat::Packed) {
        return Virtqueue(
            SISKIN_TRY(PackedQueue::enable(config, size_max, accepted, std::move(memory))),
            in_order);
    }
    return Virtqueue(SISKIN_TRY(SplitQueue::enable(config, size_max, accepted, std::move(memory))),
                     in_order);
}

Virtqueue::Virtqueue(Ring ring, bool in_order) : ring_(std::move(ring)) {
    if (in_order) {
        order_.emplace(size());
    }
}

Popped Virtqueue::pop(DescriptorChain& chain) {
    Popped popped = on_ring([&](auto& ring) { return ring.pop(chain); });
    if (popped.outcome == Popped::Outcome::Chain || popped.outcome == Popped::Outcome::BadChain) {
        // Each buffer takes one descriptor at least (§2.7.13, §2.8.17).
        if (in_flight_ == size()) {
            return broken_ring("more buffers are in flight than the queue has descriptors");
        }
        ++in_flight_;
        if (order_) {
            popped.head.order = order_->take();
            chain.set_head(popped.head);
        }
    }
    return popped;
}

void Virtqueue::push_used(ChainHead head, std::uint32_t written) {
    on_ring([&](auto& ring) {
        if (!order_) {
            --in_flight_;
            ring.push_used(head, written);
            return;
        }
        order_->finish(head, written);
        while (const auto next = order_->next()) {
            --in_flight_;
            ring.push_used(next->head, next->written);
        }
    });
}

bool Virtqueue::should_notify() {
    return on_ring([](auto& ring) { return ring.should_notify(); });
}

void Virtqueue::disable_notification() {
    on_ring([](auto& ring) { ring.disable_notification(); });
}

bool Virtqueue::enable_notification() {
    return on_ring([](auto& ring) { return ring.enable_notification(); });
}

std::uint16_t Virtqueue::size() const {
    return std::visit([](const auto& ring) { return ring.size(); }, ring_);
}

std::uint16_t Virtqueue::chain_length_max() const {
    return std::visit([](const auto& ring) { return ring.chain_length_max(); }, ring_);
}

}  // namespace siskin
