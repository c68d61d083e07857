// SPDX-License-Identifier: Apache-2.0
// BlockOperation and its list.
#include "devices/block/block_operation.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace siskin {
namespace {

// Aligned for O_DIRECT. Never written; iovec has no const.
alignas(4096) constinit std::array<std::byte, BlockOperation::kZeroPieceMax> zero_bytes{};

// The host, the file system or the device has no such call, or not at this alignment.
bool is_unsupported(std::int64_t result) {
    return result == -EOPNOTSUPP || result == -ENOSYS || result == -EINVAL || result == -ENOTTY ||
           result == -ENODEV;
}

}  // namespace

void BlockOperation::prepare_read(std::uint64_t offset, std::span<iovec> buffers) {
    kind_ = Kind::Read;
    step_ = Step::Read;
    durable_ = false;
    may_unmap_ = false;
    retries_ = 0;
    length_ = 0;
    offset_ = offset;
    shift_ = 0;
    buffers_ = buffers;
}

void BlockOperation::prepare_write(std::uint64_t offset, std::span<iovec> buffers, bool durable) {
    prepare_read(offset, buffers);
    kind_ = Kind::Write;
    step_ = Step::Write;
    durable_ = durable;
}

void BlockOperation::prepare_flush() {
    prepare_read(0, {});
    kind_ = Kind::Flush;
    step_ = Step::Sync;
}

void BlockOperation::prepare_discard(std::uint64_t offset, std::uint64_t size) {
    prepare_read(offset, {});
    kind_ = Kind::Discard;
    step_ = Step::PunchHole;
    may_unmap_ = true;
    length_ = size;
}

void BlockOperation::prepare_write_zeroes(std::uint64_t offset, std::uint64_t size, bool may_unmap,
                                          bool durable) {
    prepare_read(offset, {});
    kind_ = Kind::WriteZeroes;
    step_ = may_unmap ? Step::PunchHole : Step::ZeroRange;
    may_unmap_ = may_unmap;
    durable_ = durable;
    length_ = size;
}

void BlockOperation::prepare_again() {
    retries_ = 0;
    error_ = 0;
}

void BlockOperation::forbid_unmap() {
    may_unmap_ = false;
    if (step_ == Step::PunchHole) {
        step_ = kind_ == Kind::Discard ? Step::Nothing : Step::ZeroRange;
    }
}

void BlockOperation::turn_into_zeroes(bool may_unmap) {
    length_ = size_left();
    kind_ = Kind::WriteZeroes;
    step_ = may_unmap ? Step::PunchHole : Step::ZeroRange;
    may_unmap_ = may_unmap;
    buffers_ = {};
}

std::uint64_t BlockOperation::size_left() const {
    std::uint64_t size = length_;
    if (kind_ != Kind::WriteZeroes) {
        for (const iovec& buffer : buffers_) {
            size += buffer.iov_len;
        }
    }
    return size;
}

bool BlockOperation::finish(int error_number) {
    unshift();
    error_ = error_number;
    return true;
}

bool BlockOperation::finish_with_zeroes() {
    for (const iovec& buffer : buffers_) {
        std::memset(buffer.iov_base, 0, buffer.iov_len);
    }
    return finish(0);
}

bool BlockOperation::finish_or_sync() {
    if (!durable_) {
        return finish(0);
    }
    step_ = Step::Sync;
    return false;
}

bool BlockOperation::try_another_way() {
    switch (step_) {
        case Step::PunchHole:
            step_ = kind_ == Kind::Discard ? Step::BlockDiscard : Step::ZeroRange;
            return false;
        case Step::ZeroRange:
            step_ = Step::Write;
            point_at_zeroes();
            return false;
        default: return finish(0);  // a discard that nothing here can do
    }
}

void BlockOperation::point_at_zeroes() {
    zeroes_ = iovec{zero_bytes.data(), std::min(length_, kZeroPieceMax)};
    buffers_ = std::span(&zeroes_, 1);
}

bool BlockOperation::advance_range(std::uint64_t done) {
    offset_ += done;
    length_ -= std::min(done, length_);
    if (length_ == 0) {
        buffers_ = {};
        return finish_or_sync();
    }
    if (step_ == Step::Write) {
        point_at_zeroes();
    }
    return false;
}

void BlockOperation::consume(std::uint64_t size) {
    offset_ += size;
    while (size != 0) {
        iovec& first = buffers_.front();
        const std::uint64_t part = size < first.iov_len ? size : first.iov_len;
        first.iov_base = static_cast<std::byte*>(first.iov_base) + part;
        first.iov_len -= part;
        size -= part;
        if (first.iov_len == 0) {
            buffers_ = buffers_.subspan(1);
        }
    }
}

bool BlockOperation::advance(std::int64_t result, std::uint64_t readable_end) {
    if (result == -EINTR || result == -EAGAIN) {
        return ++retries_ > kRetriesMax ? finish(static_cast<int>(-result)) : false;
    }
    const bool is_range_call =
        step_ == Step::PunchHole || step_ == Step::ZeroRange || step_ == Step::BlockDiscard;
    if (is_range_call && is_unsupported(result)) {
        return try_another_way();
    }
    if (result < 0) {
        return finish(static_cast<int>(-result));
    }
    retries_ = 0;
    if (step_ == Step::Sync || step_ == Step::Nothing) {
        return finish(0);
    }
    if (is_range_call) {
        return advance_range(length());  // all or nothing
    }
    if (result == 0 && step_ == Step::Read && offset_ >= readable_end) {
        return finish_with_zeroes();
    }
    // The file ends inside the disk: it was cut while in use. Never zeroes for lost data.
    if (result == 0) {
        return finish(EIO);
    }
    if (kind_ == Kind::WriteZeroes) {
        return advance_range(static_cast<std::uint64_t>(result));
    }
    consume(static_cast<std::uint64_t>(result));
    if (buffers_.empty()) {
        return finish_or_sync();
    }
    // No further call: with O_DIRECT it would begin inside a block.
    return step_ == Step::Read && offset_ >= readable_end ? finish_with_zeroes() : false;
}

void BlockOperationList::push(BlockOperation& operation) {
    operation.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &operation;
    last_ = &operation;
}

BlockOperation* BlockOperationList::pop() {
    BlockOperation* const operation = first_;
    if (operation != nullptr) {
        first_ = operation->next;
        if (first_ == nullptr) {
            last_ = nullptr;
        }
        operation->next = nullptr;
    }
    return operation;
}

}  // namespace siskin
