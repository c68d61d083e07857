// SPDX-License-Identifier: Apache-2.0
// ChainWriter: writes a message into a chain's writable buffers, wherever they are cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtio/queue/chain_reader.h"
#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// Thread: its queue's.
class ChainWriter {
public:
    explicit ChainWriter(const DescriptorChain& chain) : cursor_(chain.writable()) {}

    // Writes as many of the bytes as there is room for, and says how many.
    std::uint64_t write_bytes(std::span<const std::byte> from);
    template <GuestReadable T>
    std::uint64_t write(const T& object) {
        return write_bytes(std::as_bytes(std::span(&object, 1)));
    }
    // Bytes written so far: the length for push_used().
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] std::uint64_t remaining() const { return cursor_.remaining(); }
    // For data that comes from the host without a copy of ours.
    [[nodiscard]] BufferCursor& cursor() { return cursor_; }

private:
    BufferCursor cursor_;
    std::uint64_t written_ = 0;
};

}  // namespace siskin
