// SPDX-License-Identifier: Apache-2.0
// RegisterBlock.
#include "base/registers.h"

#include <bit>

namespace siskin {

static_assert(std::endian::native == std::endian::little);

RegisterBlock::RegisterBlock(std::size_t size)
    : bytes_(size), writable_(size), write_1_to_clear_(size) {}

std::uint64_t RegisterBlock::read(std::size_t offset, unsigned width_bytes) const {
    std::uint64_t value = 0;
    for (unsigned index = 0; index < width_bytes && index < 8; ++index) {
        const bool inside = offset < bytes_.size() && index < bytes_.size() - offset;
        const std::uint64_t byte = inside ? bytes_[offset + index] : 0xff;
        value |= byte << (index * 8);
    }
    return value;
}

void RegisterBlock::write(std::size_t offset, unsigned width_bytes, std::uint64_t value) {
    for (unsigned index = 0; index < width_bytes && index < 8; ++index) {
        if (offset >= bytes_.size() || index >= bytes_.size() - offset) {
            return;
        }
        const auto written = static_cast<std::uint8_t>(value >> (index * 8));
        const std::size_t at = offset + index;
        const unsigned kept = bytes_[at] & ~static_cast<unsigned>(writable_[at]);
        const unsigned changed = kept | (written & writable_[at]);
        bytes_[at] = static_cast<std::uint8_t>(changed & ~(written & write_1_to_clear_[at]));
    }
}

void RegisterBlock::set_writable(std::size_t offset, unsigned width_bytes, std::uint64_t mask) {
    store(writable_, offset, width_bytes, mask);
}

void RegisterBlock::set_write_1_to_clear(std::size_t offset, unsigned width_bytes,
                                         std::uint64_t mask) {
    store(write_1_to_clear_, offset, width_bytes, mask);
}

std::uint64_t RegisterBlock::writable(std::size_t offset, unsigned width_bytes) const {
    return load(writable_, offset, width_bytes);
}

}  // namespace siskin
