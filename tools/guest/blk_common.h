// SPDX-License-Identifier: Apache-2.0
// What the disk guests share: the start of such a guest, and the pattern the host fills disks with.
#pragma once

#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/pci.h"
#include "tools/guest/runtime/pm_timer.h"
#include "tools/guest/runtime/text.h"
#include "tools/guest/runtime/virtio_blk.h"

namespace siskin::guest {

inline constexpr unsigned kDisksMax = 16;
inline constexpr unsigned kWordsPerSector = kSectorSize / 8;

// Word `index` of a sector as the host filled it, and as a guest writes it (`round` > 0).
[[nodiscard]] constexpr std::uint64_t pattern(std::uint64_t sector, unsigned index,
                                              unsigned round) {
    return std::uint64_t{0x51} << 56 | std::uint64_t{round} << 48 | sector << 16 | index;
}

inline void fill(std::uint64_t* words, std::uint64_t sector, unsigned sectors, unsigned round) {
    for (unsigned i = 0; i < sectors * kWordsPerSector; ++i) {
        words[i] = pattern(sector + i / kWordsPerSector, i % kWordsPerSector, round);
    }
}

[[nodiscard]] inline bool matches(const std::uint64_t* words, std::uint64_t sector,
                                  unsigned sectors, unsigned round) {
    for (unsigned i = 0; i < sectors * kWordsPerSector; ++i) {
        if (words[i] != pattern(sector + i / kWordsPerSector, i % kWordsPerSector, round)) {
            return false;
        }
    }
    return true;
}

// ACPI, ECAM, timer, disks; `disks=N` on the command line says how many there must be (1).
inline unsigned find_expected_disks(const StartInfo& info, Acpi& acpi, Bdf* disks) {
    read_acpi(info, acpi);
    use_ecam(acpi.ecam);
    use_pm_timer(acpi.pm_timer_port);
    const unsigned count = find_disks(disks, kDisksMax);
    check_equal(count, number_word(command_line(info), "disks=", 1), "every disk is found");
    return count;
}

// `plain`, `indirect` or `event_idx` narrow what is negotiated; otherwise both.
[[nodiscard]] inline std::uint64_t ring_features(const char* line) {
    if (has_word(line, "plain")) {
        return 0;
    }
    if (has_word(line, "indirect")) {
        return kFeatureIndirect;
    }
    return has_word(line, "event_idx") ? kFeatureEventIndex : kFeatureIndirect | kFeatureEventIndex;
}

}  // namespace siskin::guest
