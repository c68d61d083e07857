// SPDX-License-Identifier: Apache-2.0
// Drives every virtio-blk disk through every queue by polling. Command line: disks=N queues=N
// readonly prefilled ranges serial=TEXT, and plain, indirect or event_idx.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr unsigned kSectorsPerRound = 8;
constexpr unsigned kFirstSector = 8;
alignas(4096) std::uint64_t buffer[kSectorsPerRound * kWordsPerSector];

void check_reads(VirtioBlk& disk, const char* line, unsigned queue) {
    constexpr std::uint32_t kSize = 2 * kSectorSize;
    check_equal(disk.run(kBlockIn, 2, buffer, kSize, queue), kBlockOk, "a read succeeds");
    check_equal(disk.last_used_length(), kSize + 1, "its used length is data and status");
    if (has_word(line, "prefilled")) {
        check(matches(buffer, 2, 2, 0), "the read brings what the host filled in");
    }
    unsigned failures = 0;
    for (unsigned i = 0; i < 100; ++i) {  // several times around a ring of 16
        failures += disk.run(kBlockIn, i % 8, buffer, kSectorSize, queue) == kBlockOk ? 0U : 1U;
    }
    check_equal(failures, 0, "a hundred reads succeed");
}

void check_several_under_way(VirtioBlk& disk, unsigned queue) {
    constexpr unsigned kCount = 4;
    static BlockRequest requests[kCount];
    for (unsigned i = 0; i < kCount; ++i) {
        disk.submit(requests[i], kBlockIn, i, &buffer[i * kWordsPerSector], kSectorSize, queue);
    }
    unsigned done = 0;
    Virtqueue& ring = disk.queue(queue);
    for (unsigned i = 0; i < kCount && wait_until([&ring] { return ring.has_used(); }); ++i) {
        static_cast<void>(ring.take_used());
        ++done;
    }
    check_equal(done, kCount, "four requests at once all come back");
    bool good = true;
    for (const BlockRequest& request : requests) {
        good = good && request.status == kBlockOk;
    }
    check(good, "and all succeeded");
}

void check_writes(VirtioBlk& disk, unsigned queue) {
    constexpr std::uint32_t kSize = kSectorsPerRound * kSectorSize;
    const std::uint64_t sector = kFirstSector + kSectorsPerRound * std::uint64_t{queue};
    fill(buffer, sector, kSectorsPerRound, queue + 1);
    check_equal(disk.run(kBlockOut, sector, buffer, kSize, queue), kBlockOk, "a write succeeds");
    check_equal(disk.last_used_length(), 1, "its used length is the status alone");
    check_equal(disk.run(kBlockFlush, 0, nullptr, 0, queue), kBlockOk, "a flush succeeds");
    memset(buffer, 0, sizeof(buffer));
    check_equal(disk.run(kBlockIn, sector, buffer, kSize, queue), kBlockOk, "a read succeeds");
    check(matches(buffer, sector, kSectorsPerRound, queue + 1), "it brings what was written");
}

// Of what check_writes() wrote, the first half becomes zeroes and the other is discarded.
void check_ranges(VirtioBlk& disk, unsigned queue) {
    constexpr unsigned kHalf = kSectorsPerRound / 2;
    constexpr std::uint64_t kBoth = kBlockFeatureDiscard | kBlockFeatureWriteZeroes;
    check_equal(disk.features() & kBoth, kBoth, "discard and write zeroes are offered");
    const std::uint64_t sector = kFirstSector + kSectorsPerRound * std::uint64_t{queue};
    static BlockRange range;
    range = BlockRange{sector, kHalf, 0};
    check_equal(disk.run(kBlockWriteZeroes, 0, &range, sizeof(range), queue), kBlockOk,
                "a write of zeroes succeeds");
    check_equal(disk.run(kBlockIn, sector, buffer, kSectorsPerRound * kSectorSize, queue), kBlockOk,
                "a read succeeds");
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < kHalf * kWordsPerSector; ++i) {
        bits |= buffer[i];
    }
    check_equal(bits, 0, "it brings zeroes");
    check(matches(&buffer[kHalf * kWordsPerSector], sector + kHalf, kHalf, queue + 1),
          "and what stands behind them");
    range = BlockRange{sector + kHalf, kHalf, 0};
    check_equal(disk.run(kBlockDiscard, 0, &range, sizeof(range), queue), kBlockOk,
                "a discard succeeds");
}

void check_read_only(VirtioBlk& disk, unsigned queue) {
    check((disk.features() & kBlockFeatureReadOnly) != 0, "the read-only feature is offered");
    memset(buffer, 0xee, sizeof(buffer));
    check_equal(disk.run(kBlockOut, kFirstSector, buffer, kSectorSize, queue), kBlockIoError,
                "a write to a read-only disk is an I/O error");
    check_equal(disk.run(kBlockFlush, 0, nullptr, 0, queue), kBlockOk, "a flush succeeds");
}

void check_errors(VirtioBlk& disk, unsigned queue) {
    const std::uint64_t end = disk.capacity();
    check_equal(disk.run(kBlockIn, end, buffer, kSectorSize, queue), kBlockIoError,
                "a read behind the end is an I/O error");
    check_equal(disk.run(kBlockIn, end - 1, buffer, 2 * kSectorSize, queue), kBlockIoError,
                "a read across the end is an I/O error");
    check_equal(disk.run(kBlockIn, ~std::uint64_t{0}, buffer, kSectorSize, queue), kBlockIoError,
                "a read of the last sector there can be is an I/O error");
    check_equal(disk.run(kBlockIn, std::uint64_t{1} << 55, buffer, kSectorSize, queue),
                kBlockIoError, "a read whose byte offset wraps is an I/O error");
    check_equal(disk.run(kBlockIn, 0, buffer, kSectorSize - 1, queue), kBlockIoError,
                "a read of 511 bytes is an I/O error");
    check_equal(disk.run(0x7777, 0, buffer, kSectorSize, queue), kBlockUnsupported,
                "an unknown request type is unsupported");
    check_equal(disk.run(kBlockIn, end - 1, buffer, kSectorSize, queue), kBlockOk,
                "a read of the last sector succeeds");
    check((disk.pci().status() & kStatusNeedsReset) == 0, "the disk does not need a reset");
}

void check_identity(VirtioBlk& disk, const char* line, unsigned queue) {
    memset(buffer, 0xa5, kSectorSize);
    check_equal(disk.run(kBlockGetId, 0, buffer, kBlockIdSize, queue), kBlockOk, "get-id succeeds");
    const auto* const identity = reinterpret_cast<const char*>(buffer);
    print("  identity '");
    for (unsigned i = 0; i < kBlockIdSize && identity[i] != '\0'; ++i) {
        print(identity[i]);
    }
    print("'\n");
    const char* const wanted = find_word(line, "serial=");
    bool same = true;
    for (unsigned i = 0; wanted != nullptr && i < kBlockIdSize; ++i) {
        const bool end = wanted[i] == '\0' || wanted[i] == ' ';
        same = same && identity[i] == (end ? '\0' : wanted[i]);
        if (end) {
            break;
        }
    }
    check(same, "get-id gives the serial number");
    check(static_cast<std::uint8_t>(identity[kBlockIdSize]) == 0xa5, "and not a byte more");
}

void check_disk(Bdf bdf, const char* line) {
    static VirtioBlk disk;
    print("disk ");
    print_bdf(bdf);
    print('\n');
    VirtioBlk::Options options;
    options.features = ring_features(line);
    if (has_word(line, "ranges")) {
        options.features |= kBlockFeatureDiscard | kBlockFeatureWriteZeroes;
    }
    options.queues = VirtioBlk::kQueuesMax;
    if (!check(disk.start(bdf, options), "the disk starts")) {
        return;
    }
    print("  features ", Hex{disk.features()}, " sectors ", disk.capacity(), " queues ",
          disk.started_queues(), '\n');
    check((disk.features() & options.features) == options.features,
          "the ring features are offered");
    check_equal(disk.started_queues(), number_word(line, "queues=", 1), "it has its queues");
    for (unsigned queue = 0; queue < disk.started_queues(); ++queue) {
        check_reads(disk, line, queue);
        check_several_under_way(disk, queue);
        if (has_word(line, "readonly")) {
            check_read_only(disk, queue);
        } else {
            check((disk.features() & kBlockFeatureReadOnly) == 0, "it is not read-only");
            check_writes(disk, queue);
            if (has_word(line, "ranges")) {
                check_ranges(disk, queue);
            }
        }
        check_identity(disk, line, queue);
        check_errors(disk, queue);
    }
    check(disk.pci().reset(), "the disk resets");
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    static Bdf disks[kDisksMax];
    begin(info);
    const unsigned count = find_expected_disks(*info, acpi, disks);
    for (unsigned i = 0; i < count; ++i) {
        check_disk(disks[i], command_line(*info));
    }
    finish();
}
