// SPDX-License-Identifier: Apache-2.0
// DescriptorChain: the checked buffers of one request, in storage that is used again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/memory/guest_span.h"
namespace siskin {

// Which chain it is: to the driver, and to the queue that is to take it back. Devices keep it and
// look at nothing in it.
struct ChainHead {
    std::uint16_t id = 0;           // split: number of the first descriptor; packed: the buffer id
    std::uint16_t descriptors = 1;  // packed: entries of the ring it takes
    std::uint16_t order = 0;        // the how-manieth chain of the queue, modulo 2^16

    friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

// Each buffer lies in guest RAM and is not empty; the readable ones come first (virtio 1.2
// §2.7.4.2). The spans live as long as the queue's GuestMemory. Thread: its queue's.
class DescriptorChain {
public:
    // At most `capacity` buffers; allocated here, once.
    explicit DescriptorChain(std::size_t capacity)
        : buffers_(std::make_unique<GuestSpan[]>(capacity)), capacity_(capacity) {}

    // What push_used() wants back.
    [[nodiscard]] ChainHead head() const { return head_; }
    // What the driver wrote for the device, and what the device may write, in order.
    [[nodiscard]] std::span<const GuestSpan> readable() const {
        return {buffers_.get(), readable_count_};
    }
    [[nodiscard]] std::span<const GuestSpan> writable() const {
        return {buffers_.get() + readable_count_, count_ - readable_count_};
    }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

    // For the queue that fills it.
    void begin(ChainHead head) {
        head_ = head;
        count_ = 0;
        readable_count_ = 0;
    }
    void set_head(ChainHead head) { head_ = head; }
    // False when there is no room, or a readable buffer follows a writable one.
    [[nodiscard]] bool add(GuestSpan buffer, bool writable) {
        if (count_ == capacity_ || (!writable && count_ != readable_count_)) {
            return false;
        }
        buffers_[count_++] = buffer;
        readable_count_ += writable ? 0 : 1;
        return true;
    }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    std::unique_ptr<GuestSpan[]> buffers_;
    std::size_t capacity_;
    std::size_t count_ = 0;
    std::size_t readable_count_ = 0;
    ChainHead head_;
};

// Bytes in all these buffers together; below 2^47 for the longest chain there is.
[[nodiscard]] inline std::uint64_t total_size(std::span<const GuestSpan> buffers) {
    std::uint64_t total = 0;
    for (const GuestSpan& buffer : buffers) {
        total += buffer.size();
    }
    return total;
}

}  // namespace siskin
