// SPDX-License-Identifier: Apache-2.0
// OutputRing: the newest bytes that nobody has read yet, bounded; older ones are dropped and
// counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace siskin {

// Keeps its owner's lock: none of its own. Memory grows with the content, up to `capacity` bytes.
class OutputRing {
public:
    static constexpr std::size_t kCapacity = std::size_t{1024} * 1024;

    explicit OutputRing(std::size_t capacity = kCapacity) : capacity_(capacity) {}

    // Adds `bytes`; where they do not fit the oldest go.
    void push(std::span<const std::uint8_t> bytes);
    // Moves the oldest bytes to `out`; returns how many.
    [[nodiscard]] std::size_t pop(std::span<std::uint8_t> out);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // Bytes that were pushed out unread.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
    static constexpr std::size_t kFirstAllocation = 4096;
    static constexpr std::size_t kKeptWhenEmpty = std::size_t{64} * 1024;

    void copy_out(std::span<std::uint8_t> out) const;
    void make_room(std::size_t wanted);

    std::size_t capacity_;
    std::vector<std::uint8_t> bytes_;
    std::size_t head_ = 0;  // of the oldest byte
    std::size_t size_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace siskin
