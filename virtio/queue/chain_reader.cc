// SPDX-License-Identifier: Apache-2.0
// BufferCursor and ChainReader.
#include "virtio/queue/chain_reader.h"

#include <algorithm>

namespace siskin {

GuestSpan BufferCursor::next(std::uint64_t size_max) {
    if (buffers_.empty() || size_max == 0) {
        return GuestSpan();
    }
    const GuestSpan& buffer = buffers_.front();
    const std::uint64_t left = buffer.size() - offset_;
    const std::uint64_t size = std::min(left, size_max);
    const GuestSpan run(buffer.data() + offset_, size);
    offset_ += size;
    if (offset_ == buffer.size()) {
        buffers_ = buffers_.subspan(1);
        offset_ = 0;
    }
    return run;
}

std::uint64_t BufferCursor::remaining() const {
    return total_size(buffers_) - offset_;
}

bool ChainReader::read_bytes(std::span<std::byte> into) {
    while (!into.empty()) {
        const GuestSpan run = cursor_.next(into.size());
        if (run.size() == 0) {
            return false;
        }
        run.copy_to(into.data());
        into = into.subspan(run.size());
    }
    return true;
}

}  // namespace siskin
