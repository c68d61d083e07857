// SPDX-License-Identifier: Apache-2.0
// FeatureSet: a set of feature bits; FeatureNegotiation: the two windows through which both sides
// talk of them.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace siskin {

// Feature bits 0 to 63, by number (virtio 1.2 §2.2).
class FeatureSet {
public:
    constexpr FeatureSet() = default;
    constexpr explicit FeatureSet(std::uint64_t bits) : bits_(bits) {}
    constexpr FeatureSet(std::initializer_list<unsigned> numbers) {
        for (const unsigned number : numbers) {
            add(number);
        }
    }

    constexpr void add(unsigned number) { bits_ |= std::uint64_t{1} << number; }
    constexpr void remove(unsigned number) { bits_ &= ~(std::uint64_t{1} << number); }
    [[nodiscard]] constexpr bool has(unsigned number) const { return ((bits_ >> number) & 1) != 0; }
    [[nodiscard]] constexpr bool contains(FeatureSet other) const {
        return (other.bits_ & ~bits_) == 0;
    }
    [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }

    friend constexpr bool operator==(FeatureSet, FeatureSet) = default;

private:
    std::uint64_t bits_ = 0;
};

// What the device offers and what the driver accepted, seen through 32-bit windows. Windows other
// than 0 and 1 read as zero and ignore writes (§4.1.4.3). Thread: its owner's.
class FeatureNegotiation {
public:
    explicit FeatureNegotiation(FeatureSet offered) : offered_(offered) {}

    [[nodiscard]] std::uint32_t read_offered(std::uint32_t window) const;
    [[nodiscard]] std::uint32_t read_accepted(std::uint32_t window) const;
    // Dropped once frozen.
    void write_accepted(std::uint32_t window, std::uint32_t bits);
    // What a modern driver may accept: nothing that was not offered; VERSION_1, for without it
    // there is the legacy interface alone (§2.2.2, §6.1); ACCESS_PLATFORM where it was offered
    // (§6.2).
    [[nodiscard]] bool is_acceptable() const;
    void freeze() { frozen_ = true; }
    void reset();

    [[nodiscard]] FeatureSet offered() const { return offered_; }
    [[nodiscard]] FeatureSet accepted() const { return accepted_; }

private:
    FeatureSet offered_;
    FeatureSet accepted_;
    bool frozen_ = false;
};

}  // namespace siskin
