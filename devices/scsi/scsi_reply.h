// SPDX-License-Identifier: Apache-2.0
// ScsiReply: the data that a unit makes up for the driver, before it is cut to what there is room
// for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/result.h"

namespace siskin {

// Filled from the start; big-endian, as SPC has its numbers. Thread: its owner's.
class ScsiReply {
public:
    // A REPORT LUNS of a full target.
    static constexpr std::size_t kSizeMax = 8 + 256 * 8;

    void add8(std::uint64_t value) { add(value, 1); }
    void add16(std::uint64_t value) { add(value, 2); }
    void add32(std::uint64_t value) { add(value, 4); }
    void add64(std::uint64_t value) { add(value, 8); }
    void add_zeroes(std::size_t count) {
        for (std::size_t index = 0; index < count; ++index) {
            add8(0);
        }
    }
    void add_text(std::string_view text) {
        for (const char character : text) {
            add8(static_cast<std::uint8_t>(character));
        }
    }
    // Cut or padded with spaces to `size`.
    void add_padded(std::string_view text, std::size_t size) {
        add_text(text.substr(0, size));
        while (text.size() < size--) {
            add8(' ');
        }
    }
    void add_bytes(std::span<const std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) {
            add8(byte);
        }
    }
    // Writes over what was added before.
    void set8(std::size_t at, std::uint64_t value) { put(at, value, 1); }
    void set16(std::size_t at, std::uint64_t value) { put(at, value, 2); }
    void set32(std::size_t at, std::uint64_t value) { put(at, value, 4); }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }

private:
    void add(std::uint64_t value, std::size_t size) {
        SISKIN_ASSERT(size_ + size <= kSizeMax);  // what is added is ours
        size_ += size;
        put(size_ - size, value, size);
    }
    void put(std::size_t at, std::uint64_t value, std::size_t size) {
        for (std::size_t index = size; index-- > 0; value >>= 8U) {
            bytes_[at + index] = static_cast<std::uint8_t>(value);
        }
    }

    std::array<std::uint8_t, kSizeMax> bytes_;
    std::size_t size_ = 0;
};

}  // namespace siskin
