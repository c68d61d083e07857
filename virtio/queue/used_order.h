// SPDX-License-Identifier: Apache-2.0
// UsedOrder: lets chains that finish in any order be used in the order they were made available.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// For VIRTIO_F_IN_ORDER (virtio 1.2 §2.7.9, §2.8.8). One used element a chain is written: skipping
// some is allowed only where their whole buffers were written, which nothing here knows.
// Holds as many chains as the queue has entries; allocated here, once. Thread: its queue's.
class UsedOrder {
public:
    // A chain that is to be shown to the driver now.
    struct Used {
        ChainHead head;
        std::uint32_t written;
    };

    explicit UsedOrder(std::uint16_t queue_size);

    // The place of a chain that was popped now. At most `queue_size` are open at a time.
    [[nodiscard]] std::uint16_t take() { return next_taken_++; }
    // It is done; `head.order` is what take() said.
    void finish(ChainHead head, std::uint32_t written);
    // The next one in the order, when it is done.
    [[nodiscard]] std::optional<Used> next();

private:
    struct Place {
        Used used;
        bool finished = false;
    };

    std::unique_ptr<Place[]> places_;
    std::uint16_t mask_;            // their number is a power of two, so that the order may wrap
    std::uint16_t next_taken_ = 0;  // free-running
    std::uint16_t next_shown_ = 0;  // free-running
};

}  // namespace siskin
