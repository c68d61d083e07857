// SPDX-License-Identifier: Apache-2.0
// The bench of the hostile guests.
#include "tools/guest/hostile.h"

#include "tools/guest/runtime/io.h"

namespace siskin::guest {

alignas(4096) std::uint8_t hostile_canary_before[4096];
alignas(4096) std::uint8_t hostile_buffer[4096];
alignas(4096) std::uint8_t hostile_canary_after[4096];

namespace {

constexpr std::uint8_t kCanary = 0xc5;
constexpr std::uint64_t kSettleMs = 20;  // for what a good disk answers in microseconds
std::uint64_t first_sector[kWordsPerSector];
alignas(4096) std::uint64_t read_buffer[kWordsPerSector];

bool all_canary(const std::uint8_t* bytes) {
    for (unsigned i = 0; i < 4096; i += 8) {
        if (*reinterpret_cast<const std::uint64_t*>(&bytes[i]) != 0xc5c5c5c5'c5c5c5c5) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool HostileBench::canaries_intact() {
    return all_canary(hostile_canary_before) && all_canary(hostile_canary_after);
}

bool HostileBench::start() {
    VirtioBlk::Options options;
    options.queue_size = kQueueSize;
    return disk.start(bdf_, options);
}

bool HostileBench::good_read() {
    memset(read_buffer, 0, sizeof(read_buffer));
    return disk.run(kBlockIn, 0, read_buffer, kSectorSize) == kBlockOk &&
           disk.last_used_length() == kSectorSize + 1 &&
           memcmp(read_buffer, first_sector, kSectorSize) == 0;
}

void HostileBench::open(const StartInfo& info) {
    static Bdf disks[kDisksMax];
    require(find_expected_disks(info, acpi, disks) != 0, "there is a disk to be hostile to");
    bdf_ = disks[0];
    gentle_ = has_word(command_line(info), "gentle");
    memset(hostile_canary_before, kCanary, 4096);
    memset(hostile_canary_after, kCanary, 4096);
    require(start(), "the disk starts");
    require(disk.run(kBlockIn, 0, first_sector, kSectorSize) == kBlockOk, "a read succeeds");
}

void HostileBench::run(const Violation& violation) {
    if (gentle_ && violation.hangs_qemu) {
        print("left out: ", violation.name, '\n');
        return;
    }
    if (!start()) {
        require(false, violation.name);
    }
    violation.commit(disk);
    Deadline deadline(kSettleMs);
    while (!disk.queue().has_used() && (disk.pci().status() & kStatusNeedsReset) == 0 &&
           !deadline.passed()) {
        pause();
    }
    print("outcome: status ", Hex{disk.pci().status(), 2}, ", ",
          unsigned{disk.queue().used_index()}, " used\n");
    const bool back = disk.pci().reset() && start() && good_read();
    check(back && canaries_intact(), violation.name);
}

}  // namespace siskin::guest
