// SPDX-License-Identifier: Apache-2.0
// SectorStamp: what a sector says of itself: who wrote it, where, when, as part of what. Guests and
// tests of the host write it; tests/harness/sector_verifier.h reads it.
#pragma once

#include <cstdint>

namespace siskin::guest {

inline constexpr unsigned kStampedWords = 64;  // of a sector of 512 bytes

struct SectorStamp {
    std::uint64_t sector = 0;      // where it belongs
    std::uint64_t generation = 0;  // the request's number in its run
    std::uint32_t run = 0;         // which run of a writer
    std::uint32_t writer = 0;      // which of several
    std::uint32_t sectors = 0;     // the length of the write
    std::uint32_t index = 0;       // this sector's place in it

    friend constexpr bool operator==(const SectorStamp&, const SectorStamp&) = default;
};

// In words of a sector: a magic number, the stamp, a checksum of these, and what follows from it.
inline constexpr std::uint64_t kStampMagic = 0x314d'4154'534b'5353;  // "SSKSTAM1"
inline constexpr unsigned kChecksumWord = 5;

[[nodiscard]] constexpr std::uint64_t word_of(std::uint32_t low, std::uint32_t high) {
    return std::uint64_t{high} << 32 | low;
}

// A multiplication a word: guests run in an emulator here and there.
[[nodiscard]] constexpr std::uint64_t stamp_checksum(const std::uint64_t* words) {
    constexpr std::uint64_t kFactor = 0xd6e8'feb8'6659'fd93;
    std::uint64_t sum = kFactor;
    for (unsigned index = 0; index < kChecksumWord; ++index) {
        sum = (sum ^ words[index]) * kFactor;
        sum ^= sum >> 32;
    }
    return sum;
}

// Fills the kStampedWords words of a sector.
constexpr void write_stamped(const SectorStamp& stamp, std::uint64_t* words) {
    constexpr std::uint64_t kStep = 0x9e37'79b9'7f4a'7c15;
    words[0] = kStampMagic;
    words[1] = stamp.sector;
    words[2] = stamp.generation;
    words[3] = word_of(stamp.run, stamp.writer);
    words[4] = word_of(stamp.sectors, stamp.index);
    std::uint64_t word = stamp_checksum(words);
    for (unsigned index = kChecksumWord; index < kStampedWords; ++index) {
        words[index] = word;
        word += kStep;
    }
}

// What the first words of a sector say, whether they are true or not.
[[nodiscard]] constexpr SectorStamp read_stamp(const std::uint64_t* words) {
    constexpr unsigned kHigh = 32;
    return SectorStamp{words[1],
                       words[2],
                       static_cast<std::uint32_t>(words[3]),
                       static_cast<std::uint32_t>(words[3] >> kHigh),
                       static_cast<std::uint32_t>(words[4]),
                       static_cast<std::uint32_t>(words[4] >> kHigh)};
}

}  // namespace siskin::guest
