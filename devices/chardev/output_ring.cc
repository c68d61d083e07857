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
    if (bytes.empty()) {
        return;
    }
    make_room(size_ + bytes.size());
    const std::size_t tail = (head_ + size_) % bytes_.size();
    const auto first = bytes.first(std::min(bytes.size(), bytes_.size() - tail));
    std::copy(first.begin(), first.end(), bytes_.data() + tail);
    const auto rest = bytes.subspan(first.size());
    std::copy(rest.begin(), rest.end(), bytes_.data());
    size_ += bytes.size();
}

std::size_t OutputRing::pop(std::span<std::uint8_t> out) {
    const std::size_t count = std::min(out.size(), size_);
    copy_out(out.first(count));
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

// The oldest bytes; `out` is not longer than the content.
void OutputRing::copy_out(std::span<std::uint8_t> out) const {
    const std::span<const std::uint8_t> all(bytes_);
    const auto first = all.subspan(head_, std::min(out.size(), all.size() - head_));
    std::copy(first.begin(), first.end(), out.begin());
    const auto rest = all.first(out.size() - first.size());
    std::copy(rest.begin(), rest.end(), out.data() + first.size());
}

void OutputRing::make_room(std::size_t wanted) {
    if (wanted <= bytes_.size()) {
        return;
    }
    const std::size_t doubled = std::max(bytes_.size() * 2, kFirstAllocation);
    std::vector<std::uint8_t> larger(std::min(capacity_, std::max(doubled, wanted)));
    copy_out(std::span(larger).first(size_));
    bytes_ = std::move(larger);
    head_ = 0;
}

}  // namespace siskin
