// SPDX-License-Identifier: Apache-2.0
// FuzzInput: takes values off the bytes that libFuzzer made.
#pragma once

#include <cstddef>
#include <cstdint>

namespace siskin {

// Zeroes when it is used up. The bytes outlive it.
class FuzzInput {
public:
    FuzzInput(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

    [[nodiscard]] bool empty() const { return left_ == 0; }
    // A little-endian number of so many bytes (up to 8).
    std::uint64_t take(unsigned bytes) {
        std::uint64_t value = 0;
        for (unsigned index = 0; index < bytes && left_ > 0; ++index) {
            value |= std::uint64_t{*data_} << (index * 8);
            ++data_;
            --left_;
        }
        return value;
    }
    // One byte as an index below `count`, which is not 0.
    std::size_t pick(std::size_t count) { return static_cast<std::size_t>(take(1)) % count; }
    bool flip() { return take(1) % 2 != 0; }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

}  // namespace siskin
