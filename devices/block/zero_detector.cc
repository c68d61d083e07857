// SPDX-License-Identifier: Apache-2.0
// ZeroDetector.
#include "devices/block/zero_detector.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace siskin {
namespace {

// The first bytes are looked at one by one; the rest is equal to itself a little further on.
bool are_zeroes(const iovec& buffer) {
    constexpr std::size_t kFirst = 16;
    const auto* const bytes = static_cast<const std::byte*>(buffer.iov_base);
    const std::size_t first = std::min(buffer.iov_len, kFirst);
    return std::all_of(bytes, bytes + first, [](std::byte one) { return one == std::byte{0}; }) &&
           (buffer.iov_len == first ||
            std::memcmp(bytes, bytes + first, buffer.iov_len - first) == 0);
}

}  // namespace

bool are_zeroes(std::span<const iovec> buffers) {
    return std::all_of(buffers.begin(), buffers.end(),
                       [](const iovec& buffer) { return are_zeroes(buffer); });
}

// A guest that changes the bytes meanwhile has what they were at some time, as with any write.
void ZeroDetector::submit(BlockOperation& operation) {
    if (operation.step() == BlockOperation::Step::Write &&
        operation.kind() == BlockOperation::Kind::Write && are_zeroes(operation.buffers_left())) {
        operation.turn_into_zeroes(may_unmap_);
    }
    inner().submit(operation);
}

}  // namespace siskin
