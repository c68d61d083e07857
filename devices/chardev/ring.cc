// SPDX-License-Identifier: Apache-2.0
// Character back end "ringbuf".
#include "devices/chardev/ring.h"

#include <algorithm>

namespace siskin {

std::vector<std::uint8_t> RingChardev::take(std::size_t count) {
    std::vector<std::uint8_t> bytes(std::min(count, ring_.size()));
    [[maybe_unused]] const std::size_t taken = ring_.pop(bytes);
    return bytes;
}

}  // namespace siskin
