// SPDX-License-Identifier: Apache-2.0
// KillLane: one disk image, and a process at a time that writes to it until it is killed at a call.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/harness/sector_verifier.h"
#include "tests/unit/devices/block/temporary_file.h"
#include "tools/guest/sector_writer.h"

namespace siskin::test {

// One thread, which is the process's only one: it forks.
class KillLane {
public:
    static constexpr std::uint64_t kDiskSectors = 1024;
    // Around the part of the file that is the disk.
    static constexpr std::uint64_t kMarginSectors = 128;
    static constexpr std::uint64_t kOffset = kMarginSectors * kSectorBytes;
    static constexpr std::uint64_t kDiskSize = kDiskSectors * kSectorBytes;
    static constexpr std::uint64_t kFileSize = kDiskSize + 2 * kOffset;

    enum class End {
        None,    // nothing was started
        Killed,  // at its call
        ByItself,
        Wrong,  // of something else
    };
    struct Outcome {
        End end = End::None;
        std::vector<DamagedSector> damaged;
        bool margins_changed = false;
        WriterCounts requests;
    };

    // What a process does with the image.
    using Work = std::function<void(const std::string& path, guest::WriterLog& log)>;

    KillLane();
    // Waits for what was started.
    ~KillLane();
    KillLane(const KillLane&) = delete;
    KillLane& operator=(const KillLane&) = delete;

    // On a fresh image. `point`: the process is killed there. Its first call to the host lies
    // between the points 1 and 2, the next one between 3 and 4. `first_sector`: of the file that is
    // the disk's.
    void start(std::uint64_t point, std::uint32_t run, std::uint64_t first_sector,
               const Work& work);
    // Waits for the end of what was started and looks at what it left.
    [[nodiscard]] Outcome finish();

private:
    // What the file holds before a run.
    [[nodiscard]] SectorImage before() const;
    [[nodiscard]] bool margins_changed() const;

    TemporaryFile image_;
    guest::WriterLog* log_;
    std::uint32_t run_ = 0;
    std::uint64_t first_sector_ = 0;
    pid_t child_ = 0;
};

}  // namespace siskin::test
