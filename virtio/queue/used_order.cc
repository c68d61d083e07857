// SPDX-License-Identifier: Apache-2.0
// UsedOrder.
#include "virtio/queue/used_order.h"

#include <bit>

namespace siskin {

UsedOrder::UsedOrder(std::uint16_t queue_size)
    : places_(std::make_unique<Place[]>(std::bit_ceil(std::size_t{queue_size}))),
      mask_(static_cast<std::uint16_t>(std::bit_ceil(std::size_t{queue_size}) - 1)) {}

void UsedOrder::finish(ChainHead head, std::uint32_t written) {
    places_[head.order & mask_] = Place{Used{head, written}, true};
}

std::optional<UsedOrder::Used> UsedOrder::next() {
    Place& place = places_[next_shown_ & mask_];
    if (!place.finished) {
        return std::nullopt;
    }
    place.finished = false;
    ++next_shown_;
    return place.used;
}

}  // namespace siskin
