// SPDX-License-Identifier: Apache-2.0
// SectorVerifier: what a disk may hold after a crash, by the log of who wrote it, and what is wrong
// with a disk that does not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/guest/sector_stamp.h"
#include "tools/guest/sector_writer.h"

namespace siskin::test {

inline constexpr std::size_t kSectorBytes = 512;
using SectorWords = std::array<std::uint64_t, guest::kStampedWords>;
// A disk's bytes, sector by sector.
using SectorImage = std::vector<SectorWords>;

enum class Damage {
    Lost,         // what was there before the log is there still, or zeroes that nobody wrote
    Stale,        // an older value than the oldest allowed
    Torn,         // pieces of several values of this sector
    Misdirected,  // a value that belongs to another sector, and is missing there
    Duplicated,   // a value that belongs to another sector, and is there, too
    Corrupted,    // nobody ever wrote such a sector
    Foreign,      // whole, but no request of the log wrote it here
};

struct DamagedSector {
    std::uint64_t sector = 0;
    Damage damage = Damage::Corrupted;
    std::uint64_t found_generation = 0;  // 0: none
    std::uint64_t oldest_allowed = 0;    // 0: what was there before the log
};

// "sector 5 is stale: generation 3 is there, the oldest allowed is 7"
[[nodiscard]] std::string describe(const DamagedSector& damaged);

// Which completed writes have to be there.
enum class Survivors {
    // All: the process was killed, the host and its page cache live on.
    Completed,
    // Those that a flush covers which completed, too, or that completed with the write cache off:
    // the host lost its power.
    Flushed,
};

// One thread.
class SectorVerifier {
public:
    // `before`: the disk as the writer found it.
    SectorVerifier(const SectorImage& before, std::uint32_t run) : before_(before), run_(run) {}

    // Every sector that is not as it may be. `disk` is as large as `before` was.
    [[nodiscard]] std::vector<DamagedSector> verify(std::span<const guest::WriterRecord> log,
                                                    const SectorImage& disk,
                                                    Survivors survivors) const;

private:
    const SectorImage& before_;
    std::uint32_t run_;
};

// Requests of a log, by what became of them.
struct WriterCounts {
    std::uint64_t submitted = 0;
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;
    std::uint64_t flushed = 0;  // flushes that completed
};
[[nodiscard]] WriterCounts count_requests(std::span<const guest::WriterRecord> log);

// A disk on which each sector says that nobody wrote it yet: generation 0 of run 0.
[[nodiscard]] SectorImage fresh_sectors(std::uint64_t sectors);
// `sectors` of a file from `first` on; what is missing at its end is zeroes.
[[nodiscard]] SectorImage read_sectors(const std::string& path, std::uint64_t first,
                                       std::uint64_t sectors);
// Into a file that is there.
[[nodiscard]] bool write_sectors(const std::string& path, std::uint64_t first,
                                 const SectorImage& image);

}  // namespace siskin::test
