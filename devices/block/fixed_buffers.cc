// SPDX-License-Identifier: Apache-2.0
// FixedBuffers.
#include "devices/block/fixed_buffers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace siskin {
namespace {

std::uintptr_t begin_of(const iovec& buffer) {
    return reinterpret_cast<std::uintptr_t>(buffer.iov_base);
}

std::vector<iovec> cut(const GuestMemory& memory) {
    std::vector<iovec> pieces;
    for (const GuestRegion& region : memory.regions()) {
        const std::size_t size = region.size().value();
        for (std::size_t at = 0; at < size; at += FixedBuffers::kPieceMax) {
            pieces.push_back({region.data() + at, std::min(size - at, FixedBuffers::kPieceMax)});
        }
    }
    std::sort(pieces.begin(), pieces.end(), [](const iovec& left, const iovec& right) {
        return begin_of(left) < begin_of(right);
    });
    return pieces;
}

}  // namespace

FixedBuffers::FixedBuffers(std::shared_ptr<const GuestMemory> memory)
    : memory_(std::move(memory)), pieces_(cut(*memory_)) {}

std::optional<int> FixedBuffers::index_of(const iovec& buffer) const {
    const auto behind = std::upper_bound(
        pieces_.begin(), pieces_.end(), buffer,
        [](const iovec& left, const iovec& right) { return begin_of(left) < begin_of(right); });
    if (behind == pieces_.begin()) {
        return std::nullopt;
    }
    const auto piece = behind - 1;
    const std::uintptr_t offset = begin_of(buffer) - begin_of(*piece);
    if (offset >= piece->iov_len || buffer.iov_len > piece->iov_len - offset) {
        return std::nullopt;
    }
    return static_cast<int>(piece - pieces_.begin());
}

}  // namespace siskin
