// SPDX-License-Identifier: Apache-2.0
// What the hostile guests share: one disk, a report of what it made of a violation, and the proof
// that it came to no harm: a reset brings it back, one good read works, no other byte changed.
#pragma once

#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/print.h"

namespace siskin::guest {

struct Violation {
    const char* name;
    void (*commit)(VirtioBlk& disk);
    // QEMU 7.2 deadlocks on it; left out where the command line says `gentle`.
    bool hangs_qemu = false;
};

class HostileBench {
public:
    static constexpr std::uint16_t kQueueSize = 16;

    // Finds the first disk, starts it, reads its first sector for comparison.
    void open(const StartInfo& info);
    // Commits it on a freshly started disk, waits a little, prints "outcome: ..." and checks.
    void run(const Violation& violation);

    VirtioBlk disk;
    Acpi acpi;

private:
    [[nodiscard]] bool start();
    [[nodiscard]] bool good_read();
    [[nodiscard]] static bool canaries_intact();

    Bdf bdf_;
    bool gentle_ = false;
};

// One page the violations may have written to, between two that nothing may write to.
extern std::uint8_t hostile_canary_before[4096];
extern std::uint8_t hostile_buffer[4096];
extern std::uint8_t hostile_canary_after[4096];

}  // namespace siskin::guest
