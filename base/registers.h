// SPDX-License-Identifier: Apache-2.0
// RegisterBlock: a device's register bytes with, for each bit, who may change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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
    [[nodiscard]] std::uint64_t get(std::size_t offset, unsigned width_bytes) const;
    void set(std::size_t offset, unsigned width_bytes, std::uint64_t value);

    // Which bits the guest may write, and which it clears by writing ones.
    void set_writable(std::size_t offset, unsigned width_bytes, std::uint64_t mask);
    void set_write_1_to_clear(std::size_t offset, unsigned width_bytes, std::uint64_t mask);
    [[nodiscard]] std::uint64_t writable(std::size_t offset, unsigned width_bytes) const;

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    // All of them, as the device has them.
    [[nodiscard]] std::span<std::uint8_t> bytes() { return bytes_; }

private:
    using Bytes = std::vector<std::uint8_t>;
    [[nodiscard]] std::uint64_t load(const Bytes& bytes, std::size_t offset, unsigned width) const;
    void store(Bytes& bytes, std::size_t offset, unsigned width, std::uint64_t value) const;

    Bytes bytes_;
    Bytes writable_;
    Bytes write_1_to_clear_;
};

}  // namespace siskin
