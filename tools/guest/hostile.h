// SPDX-License-Identifier: Apache-2.0
// What the hostile guests share: one disk, what must become of a violation, and the proof that the
// disk came to no harm: it serves on, or a reset brings it back; one good read works; no other byte
// changed.
#pragma once

#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/print.h"

namespace siskin::guest {

// What must become of the chain that was offered, and of the disk.
enum class Fate {
    Open,         // anything; a reset cures it
    Lives,        // anything, but the next request is served without a reset
    Done,         // the sector was read; and so on
    Fails,        // an I/O error; and so on
    Unsupported,  // and so on
    Refused,      // the chain came back with length 0 and no status; and so on
    PassedOver,   // it did not come back; and so on
    Breaks,       // DEVICE_NEEDS_RESET; nothing is taken after that, and a reset cures it
};

struct Violation {
    const char* name;  // begins with the classes of bugs it belongs to: "V01 V09: ..."
    void (*commit)(VirtioBlk& disk, unsigned number);
    Fate fate = Fate::Open;
    unsigned count = 1;  // committed with each number below
    // QEMU 7.2 deadlocks on it; left out where the command line says `gentle`.
    bool hangs_qemu = false;
    std::uint64_t features = kFeatureIndirect | kFeatureEventIndex;
};

class HostileBench {
public:
    static constexpr std::uint16_t kQueueSize = 16;

    // Finds the disks and maps their registers, starts the first, reads its first sector for
    // comparison.
    void open(const StartInfo& info);
    // Both in ring 3, whose instructions cost nothing where a KVM interprets ring 0; then the other
    // processor runs `entry`. What it needs of ring 0 was done.
    void start_second(void (*entry)());
    // The disk that what follows is about.
    void use_disk(unsigned index);
    // Commits it on a freshly started disk, waits a little, and checks. Where the command line says
    // `gentle` any fate is right, as other monitors choose others.
    void run(const Violation& violation);
    template <unsigned kCount>
    void run_all(const Violation (&violations)[kCount]) {
        for (const Violation& violation : violations) {
            run(violation);
        }
    }

    // The steps of run(), for what does not fit a table.
    [[nodiscard]] bool start(std::uint64_t features = kFeatureIndirect | kFeatureEventIndex);
    // Until something was used or the device needs a reset. Where neither may come, for a while.
    void settle(Fate fate);
    [[nodiscard]] bool ended_in(Fate fate);
    // Serves the next request, without a reset.
    [[nodiscard]] bool serves_on();
    // Resets it; it works, and no byte changed that must not.
    [[nodiscard]] bool comes_back();

    [[nodiscard]] Bdf bdf() const { return bdf_; }
    [[nodiscard]] Bdf bdf_of(unsigned index) const { return disks_[index]; }
    [[nodiscard]] bool gentle() const { return gentle_; }
    // The end of RAM below 4 GiB.
    [[nodiscard]] std::uint64_t memory_end() const { return memory_end_; }
    // As read by open().
    [[nodiscard]] bool is_first_sector(const void* bytes) const;

    VirtioBlk disk;
    Acpi acpi;

private:
    [[nodiscard]] bool good_read();
    [[nodiscard]] static bool canaries_intact();
    [[nodiscard]] bool takes_nothing();
    [[nodiscard]] bool run_once(const Violation& violation, unsigned number);

    Bdf disks_[kDisksMax];
    Bdf bdf_;
    bool gentle_ = false;
    std::uint64_t memory_end_ = 0;
};

// One page the violations may have written to, between two that nothing may write to.
extern std::uint8_t hostile_canary_before[4096];
extern std::uint8_t hostile_buffer[4096];
extern std::uint8_t hostile_canary_after[4096];

}  // namespace siskin::guest
