// SPDX-License-Identifier: Apache-2.0
// ChainReader: reads a message out of a chain's readable buffers, wherever they are cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/memory/guest_span.h"
#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// A position in a list of buffers. virtio 1.2 §2.7.4.1: a device must not rely on how a message is
// cut into descriptors.
class BufferCursor {
public:
    explicit BufferCursor(std::span<const GuestSpan> buffers) : buffers_(buffers) {}

    // The next run of bytes in one buffer, at most `size_max` of them; empty at the end.
    [[nodiscard]] GuestSpan next(std::uint64_t size_max);
    [[nodiscard]] std::uint64_t remaining() const;

private:
    std::span<const GuestSpan> buffers_;
    std::size_t offset_ = 0;  // inside the first of them
};

// Copies each byte out once. Thread: its queue's.
class ChainReader {
public:
    explicit ChainReader(const DescriptorChain& chain) : cursor_(chain.readable()) {}

    // Nothing when fewer bytes are left; then the position is undefined.
    template <GuestReadable T>
    [[nodiscard]] std::optional<T> read() {
        T object;
        return read_bytes(std::as_writable_bytes(std::span(&object, 1))) ? std::optional(object)
                                                                         : std::nullopt;
    }
    [[nodiscard]] bool read_bytes(std::span<std::byte> into);
    [[nodiscard]] std::uint64_t remaining() const { return cursor_.remaining(); }
    // For data that goes to the host without a copy of ours.
    [[nodiscard]] BufferCursor& cursor() { return cursor_; }

private:
    BufferCursor cursor_;
};

}  // namespace siskin
