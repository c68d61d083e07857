// SPDX-License-Identifier: Apache-2.0
// Little-endian fields of guest structures: le16, le32, le64 aligned as their size, ule16 to ule64
// not at all.
#pragma once

#include <array>
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

// The same of alignment 1, for structures that leave fields unaligned (ACPI tables, Linux's zero
// page): a struct of these and of bytes has no padding.
template <std::unsigned_integral Integer>
class UnalignedLittleEndian {
public:
    constexpr UnalignedLittleEndian() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a field is assigned like the integer it holds.
    constexpr UnalignedLittleEndian(Integer value) : stored_(std::bit_cast<Bytes>(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor): and read like it.
    constexpr operator Integer() const { return std::bit_cast<Integer>(stored_); }
    [[nodiscard]] constexpr Integer value() const { return std::bit_cast<Integer>(stored_); }

private:
    using Bytes = std::array<std::uint8_t, sizeof(Integer)>;

    Bytes stored_{};
};

using ule16 = UnalignedLittleEndian<std::uint16_t>;
using ule32 = UnalignedLittleEndian<std::uint32_t>;
using ule64 = UnalignedLittleEndian<std::uint64_t>;
static_assert(sizeof(ule64) == 8 && alignof(ule64) == 1);

}  // namespace siskin
