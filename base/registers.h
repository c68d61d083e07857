// SPDX-License-Identifier: Apache-2.0
// RegisterBlock: a device's register bytes with, for each bit, who may change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/result.h"

namespace siskin {

// Little-endian bytes with a writable and a write-1-to-clear mask; all other bits are read-only to
// the guest. Any width 1..8 at any offset is defined: bytes past the end read as ones, their writes
// are dropped. Thread: its owner's.
class RegisterBlock {
public:
    explicit RegisterBlock(std::size_t size);

    // The guest's view.
    [[nodiscard]] std::uint64_t read(std::size_t offset, unsigned width_bytes) const;
    void write(std::size_t offset, unsigned width_bytes, std::uint64_t value);

    // The device's own: no mask applies. `offset + width_bytes` lies inside the block.
    // Here for the compiler: of a width it knows it makes one instruction, not a call.
    [[nodiscard]] std::uint64_t get(std::size_t offset, unsigned width_bytes) const {
        return load(bytes_, offset, width_bytes);
    }
    void set(std::size_t offset, unsigned width_bytes, std::uint64_t value) {
        store(bytes_, offset, width_bytes, value);
    }

    // Which bits the guest may write, and which it clears by writing ones.
    void set_writable(std::size_t offset, unsigned width_bytes, std::uint64_t mask);
    void set_write_1_to_clear(std::size_t offset, unsigned width_bytes, std::uint64_t mask);
    [[nodiscard]] std::uint64_t writable(std::size_t offset, unsigned width_bytes) const;

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    // All of them, as the device has them.
    [[nodiscard]] std::span<std::uint8_t> bytes() { return bytes_; }

private:
    using Bytes = std::vector<std::uint8_t>;
    [[nodiscard]] static std::uint64_t load(const Bytes& bytes, std::size_t offset,
                                            unsigned width) {
        SISKIN_ASSERT(width <= 8 && offset <= bytes.size() && width <= bytes.size() - offset);
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data() + offset, width);
        return value;
    }
    static void store(Bytes& bytes, std::size_t offset, unsigned width, std::uint64_t value) {
        SISKIN_ASSERT(width <= 8 && offset <= bytes.size() && width <= bytes.size() - offset);
        std::memcpy(bytes.data() + offset, &value, width);
    }

    Bytes bytes_;
    Bytes writable_;
    Bytes write_1_to_clear_;
};

}  // namespace siskin
