// SPDX-License-Identifier: Apache-2.0
// ChainBuilder: adds the buffers that a driver described to a chain, each after its checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/memory/guest_memory.h"
#include "base/units.h"
#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// One for a walk. Thread: its queue's.
class ChainBuilder {
public:
    // `length_max` is the most buffers a driver may put into one chain.
    ChainBuilder(const GuestMemory& memory, std::size_t length_max, DescriptorChain& chain)
        : memory_(memory), length_max_(length_max), chain_(chain) {}

    // What is wrong with it; an empty text when it was added.
    [[nodiscard]] std::string_view add(std::uint64_t address, std::uint32_t length, bool writable) {
        const auto buffer = memory_.span(GuestAddress{address}, ByteCount{length});
        if (!buffer) {
            return "buffer is empty or not inside one region of RAM";
        }
        if (chain_.count() == length_max_) {
            return "descriptor chain is longer than the queue";
        }
        // §2.7.4.2, §2.8.17: what the device may write comes last.
        return chain_.add(*buffer, writable) ? std::string_view()
                                             : "readable buffer after a writable one";
    }
    [[nodiscard]] const GuestMemory& memory() const { return memory_; }

private:
    const GuestMemory& memory_;
    std::size_t length_max_;
    DescriptorChain& chain_;
};

}  // namespace siskin
