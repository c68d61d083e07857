// SPDX-License-Identifier: Apache-2.0
// Little-endian fields of guest structures: le16, le32, le64, of alignment 1 to 8 as their size.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

namespace siskin {

static_assert(std::endian::native == std::endian::little,
              "siskin's hosts are little-endian; a big-endian one needs a swap in LittleEndian");

// A field stored little-endian; reads and writes as the host's integer.
template <std::unsigned_integral Integer>
class LittleEndian {
public:
    constexpr LittleEndian() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a field is assigned like the integer it holds.
    constexpr LittleEndian(Integer value) : stored_(value) {}
    // NOLINTNEXTLINE(google-explicit-constructor): and read like it.
    constexpr operator Integer() const { return stored_; }
    [[nodiscard]] constexpr Integer value() const { return stored_; }

private:
    Integer stored_ = 0;
};

using le16 = LittleEndian<std::uint16_t>;
using le32 = LittleEndian<std::uint32_t>;
using le64 = LittleEndian<std::uint64_t>;

}  // namespace siskin
