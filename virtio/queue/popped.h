// SPDX-License-Identifier: Apache-2.0
// Popped: what a look at a virtqueue's available descriptors brought.
#pragma once

#include <string_view>

#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// `reason` is a constant text, for the log.
struct Popped {
    enum class Outcome {
        Empty,       // the driver has offered nothing more
        Chain,       // a good chain
        BadChain,    // `head` is to be returned with length 0
        BadHead,     // no descriptor has this number; the entry is passed over
        BrokenRing,  // the queue cannot go on until it is reset
    };
    Outcome outcome = Outcome::Empty;
    ChainHead head;
    std::string_view reason;
};

[[nodiscard]] inline Popped broken_ring(std::string_view reason) {
    return Popped{Popped::Outcome::BrokenRing, ChainHead{}, reason};
}

}  // namespace siskin
