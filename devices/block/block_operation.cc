// SPDX-License-Identifier: Apache-2.0
// BlockOperation and its list.
#include "devices/block/block_operation.h"

#include <cerrno>
#include <cstring>

namespace siskin {

void BlockOperation::prepare_read(std::uint64_t offset, std::span<iovec> buffers) {
    step_ = Step::Read;
    durable_ = false;
    retries_ = 0;
    offset_ = offset;
    buffers_ = buffers;
}

void BlockOperation::prepare_write(std::uint64_t offset, std::span<iovec> buffers, bool durable) {
    prepare_read(offset, buffers);
    step_ = Step::Write;
    durable_ = durable;
}

void BlockOperation::prepare_flush() {
    prepare_read(0, {});
    step_ = Step::Sync;
}

bool BlockOperation::finish(int error_number) {
    error_ = error_number;
    return true;
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
    if (result < 0) {
        return finish(static_cast<int>(-result));
    }
    retries_ = 0;
    if (step_ == Step::Sync) {
        return finish(0);
    }
    if (result == 0 && step_ == Step::Read && offset_ >= readable_end) {
        for (const iovec& buffer : buffers_) {
            std::memset(buffer.iov_base, 0, buffer.iov_len);
        }
        return finish(0);
    }
    // The file ends inside the disk: it was cut while in use. Never zeroes for lost data.
    if (result == 0) {
        return finish(EIO);
    }
    consume(static_cast<std::uint64_t>(result));
    if (!buffers_.empty()) {
        return false;
    }
    if (durable_) {
        step_ = Step::Sync;
        return false;
    }
    return finish(0);
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
