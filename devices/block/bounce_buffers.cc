// SPDX-License-Identifier: Apache-2.0
// Bounce buffers, and what is left of a short transfer.
#include "devices/block/bounce_buffers.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bits.h"

namespace siskin {
namespace {

bool is_transfer(const BlockOperation& operation) {
    return operation.step() == BlockOperation::Step::Read ||
           operation.step() == BlockOperation::Step::Write;
}

std::uint64_t total_size(std::span<const iovec> buffers) {
    std::uint64_t size = 0;
    for (const iovec& buffer : buffers) {
        size += buffer.iov_len;
    }
    return size;
}

// Both stop at the end of the shorter side.
void gather(std::span<const iovec> from, std::span<std::byte> to) {
    for (const iovec& buffer : from) {
        const std::size_t part = std::min(buffer.iov_len, to.size());
        std::memcpy(to.data(), buffer.iov_base, part);
        to = to.subspan(part);
    }
}
void scatter(std::span<const std::byte> from, std::span<const iovec> to) {
    for (const iovec& buffer : to) {
        const std::size_t part = std::min(buffer.iov_len, from.size());
        std::memcpy(buffer.iov_base, from.data(), part);
        from = from.subspan(part);
    }
}

}  // namespace

Result<BounceBuffers> BounceBuffers::create(DirectAlignment alignment) {
    if (alignment.request <= 1 && !alignment.one_buffer) {
        return BounceBuffers(alignment, Mapping());
    }
    // Pages that no request uses are never there.
    return BounceBuffers(alignment, SISKIN_TRY(Mapping::anonymous(kBuffersMax * kBufferSize)));
}

BounceBuffers::BounceBuffers(DirectAlignment alignment, Mapping memory)
    : alignment_(alignment), memory_(std::move(memory)) {
    for (std::size_t at = 0; at < memory_.size(); at += kBufferSize) {
        free_.push_back(memory_.data() + at);
    }
}

bool BounceBuffers::fits(std::span<const iovec> buffers) const {
    if (alignment_.one_buffer && buffers.size() > 1) {
        return false;
    }
    return std::all_of(buffers.begin(), buffers.end(), [&](const iovec& buffer) {
        return (reinterpret_cast<std::uintptr_t>(buffer.iov_base) & (alignment_.memory - 1)) == 0 &&
               (buffer.iov_len & (alignment_.request - 1)) == 0;
    });
}

std::optional<std::span<iovec>> BounceBuffers::take(BlockOperation& operation) {
    const auto buffers = operation.buffers();
    if (memory_.size() == 0 || !is_transfer(operation) || fits(buffers)) {
        return buffers;
    }
    if (free_.empty()) {
        waiting_.push(operation);
        return std::nullopt;
    }
    // Whole blocks, also where the guest's buffers beyond UIO_MAXIOV were cut off.
    const std::uint64_t size =
        std::min<std::uint64_t>(align_down(total_size(buffers), alignment_.request), kBufferSize);
    operation.bounce = iovec{free_.back(), size};
    free_.pop_back();
    if (operation.step() == BlockOperation::Step::Write) {
        gather(buffers, std::span(static_cast<std::byte*>(operation.bounce.iov_base), size));
    }
    return std::span(&operation.bounce, 1);
}

std::int64_t BounceBuffers::give_back(BlockOperation& operation, std::int64_t result,
                                      std::uint64_t readable_end) {
    if (memory_.size() == 0) {
        return result;
    }
    result = whole_blocks(operation, result, readable_end);
    const iovec bounce = std::exchange(operation.bounce, iovec{});
    if (bounce.iov_base == nullptr) {
        return result;
    }
    if (operation.step() == BlockOperation::Step::Read && result > 0) {
        scatter(std::span(static_cast<const std::byte*>(bounce.iov_base),
                          static_cast<std::size_t>(result)),
                operation.buffers());
    }
    free_.push_back(static_cast<std::byte*>(bounce.iov_base));
    return result;
}

// The next step begins at a whole block again; only the file's end may lie inside one.
std::int64_t BounceBuffers::whole_blocks(const BlockOperation& operation, std::int64_t result,
                                         std::uint64_t readable_end) const {
    if (result <= 0 || !is_transfer(operation)) {
        return result;
    }
    const auto size = static_cast<std::uint64_t>(result);
    const bool is_at_end =
        operation.step() == BlockOperation::Step::Read && operation.offset() + size >= readable_end;
    if (is_at_end || size % alignment_.request == 0) {
        return result;
    }
    const std::uint64_t whole = align_down(size, alignment_.request);
    return whole == 0 ? -EIO : static_cast<std::int64_t>(whole);
}

BlockOperation* BounceBuffers::next_waiting() {
    return free_.empty() ? nullptr : waiting_.pop();
}

}  // namespace siskin
