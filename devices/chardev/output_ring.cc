// SPDX-License-Identifier: Apache-2.0
// OutputRing.
#include "devices/chardev/output_ring.h"

#include <algorithm>
#include <utility>

namespace siskin {

void OutputRing::push(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > capacity_) {
        dropped_ += bytes.size() - capacity_;
        bytes = bytes.last(capacity_);
    }
    const std::size_t free = capacity_ - size_;
    if (bytes.size() > free) {
        const std::size_t excess = bytes.size() - free;
        head_ = (head_ + excess) % bytes_.size();
        size_ -= excess;
        dropped_ += excess;
    }
    make_room(size_ + bytes.size());
    for (const std::uint8_t byte : bytes) {
        bytes_[(head_ + size_) % bytes_.size()] = byte;
        ++size_;
    }
}

std::size_t OutputRing::pop(std::span<std::uint8_t> out) {
    const std::size_t count = std::min(out.size(), size_);
    for (std::size_t index = 0; index < count; ++index) {
        out[index] = bytes_[(head_ + index) % bytes_.size()];
    }
    if (count != 0) {
        head_ = (head_ + count) % bytes_.size();
        size_ -= count;
    }
    if (size_ == 0 && bytes_.size() > kKeptWhenEmpty) {
        bytes_ = {};
        head_ = 0;
    }
    return count;
}

void OutputRing::make_room(std::size_t wanted) {
    if (wanted <= bytes_.size()) {
        return;
    }
    const std::size_t doubled = std::max(bytes_.size() * 2, kFirstAllocation);
    std::vector<std::uint8_t> larger(std::min(capacity_, std::max(doubled, wanted)));
    for (std::size_t index = 0; index < size_; ++index) {
        larger[index] = bytes_[(head_ + index) % bytes_.size()];
    }
    bytes_ = std::move(larger);
    head_ = 0;
}

}  // namespace siskin
