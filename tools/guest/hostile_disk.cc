// SPDX-License-Identifier: Apache-2.0
// Asks a disk for what it must refuse, and holds what it acknowledged to what it did (virtio 1.2
// §5.2.6). Disk 0 may be written from sector 128 on, disk 1 is read-only. Command line: toggles=N.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr std::uint64_t kBlockFeatureConfigWce = 1ULL << 11;
constexpr std::uint64_t kRanges = kBlockFeatureDiscard | kBlockFeatureWriteZeroes;
constexpr std::uint64_t kWriteback = 32;  // in the configuration
constexpr std::uint32_t kBlockSecureErase = 14;
// Where this guest may write.
constexpr std::uint64_t kScratch = 128;
constexpr unsigned kScratchSectors = 32;
constexpr std::uint32_t kScratchSize = kScratchSectors * kSectorSize;

HostileBench bench;
alignas(4096) std::uint64_t found[kScratchSectors * kWordsPerSector];
alignas(4096) std::uint64_t wanted[kScratchSectors * kWordsPerSector];

std::uint8_t ask(std::uint32_t type, std::uint64_t sector, std::uint32_t size) {
    return bench.disk.run(type, sector, hostile_buffer, size);
}
std::uint8_t ask_range(std::uint32_t type, BlockRange range, std::uint32_t size = 16) {
    memset(hostile_buffer, 0, 64);
    memcpy(hostile_buffer, &range, sizeof(range));
    return bench.disk.run(type, 0, hostile_buffer, size);
}

// The scratch is `round`'s pattern, on the disk and in `wanted`.
bool fill_scratch(unsigned round) {
    fill(wanted, kScratch, kScratchSectors, round);
    return bench.disk.run(kBlockOut, kScratch, wanted, kScratchSize) == kBlockOk;
}
bool scratch_is_as_wanted() {
    memset(found, 0xee, sizeof(found));
    return bench.disk.run(kBlockIn, kScratch, found, kScratchSize) == kBlockOk &&
           memcmp(found, wanted, kScratchSize) == 0;
}

// B01: §5.2.6.2; the sector times 512 may wrap.
void check_ends() {
    require(bench.start(kRanges), "B01: the disk starts");
    const std::uint64_t capacity = bench.disk.capacity();
    constexpr std::uint64_t kMax = ~std::uint64_t{0};
    const std::uint64_t beyond[] = {capacity,
                                    capacity + 1,
                                    kMax / 512,
                                    1ULL << 55,
                                    (1ULL << 55) + 1,
                                    kMax / 512 + 1,
                                    1ULL << 63,
                                    (1ULL << 63) + kScratch,
                                    kMax};
    unsigned wrong = 0;
    for (const std::uint64_t sector : beyond) {
        wrong += ask(kBlockIn, sector, kSectorSize) == kBlockIoError ? 0 : 1;
        wrong += ask(kBlockOut, sector, kSectorSize) == kBlockIoError ? 0 : 1;
        wrong += ask_range(kBlockDiscard, BlockRange{sector, 1, 0}) == kBlockIoError ? 0 : 1;
        wrong += ask_range(kBlockWriteZeroes, BlockRange{sector, 1, 0}) == kBlockIoError ? 0 : 1;
    }
    wrong += ask(kBlockIn, capacity - 1, 2 * kSectorSize) == kBlockIoError ? 0 : 1;
    wrong += ask(kBlockOut, capacity - 1, 2 * kSectorSize) == kBlockIoError ? 0 : 1;
    constexpr std::uint32_t kCounts[] = {2, 0x800000, 0x7fffffff, 0xffffffff};
    for (const std::uint32_t count : kCounts) {
        const BlockRange range{capacity - 1, count, 0};
        wrong += ask_range(kBlockDiscard, range) == kBlockIoError ? 0 : 1;
        wrong += ask_range(kBlockWriteZeroes, range) == kBlockIoError ? 0 : 1;
    }
    check_equal(wrong, 0, "B01: whatever reaches past the end is an I/O error");
    check_equal(ask(kBlockIn, capacity - 1, kSectorSize), kBlockOk, "B01: the last sector reads");
    check(bench.comes_back(), "B01: and the disk is as before");
}

// B02.
void check_sizes() {
    require(bench.start(0), "B02: the disk starts");
    constexpr std::uint32_t kSizes[] = {0, 1, 511, 513, 1023, 4095};
    unsigned wrong = 0;
    for (const std::uint32_t size : kSizes) {
        wrong += ask(kBlockIn, 0, size) == kBlockIoError ? 0 : 1;
        wrong += ask(kBlockOut, kScratch, size) == kBlockIoError ? 0 : 1;
    }
    constexpr std::uint32_t kHuge = 64 << 20;  // far more than the disk has, and all of it is RAM
    void* const memory = reinterpret_cast<void*>(0x1000000);
    wrong += bench.disk.run(kBlockIn, 0, memory, kHuge) == kBlockIoError ? 0 : 1;
    wrong += bench.disk.run(kBlockOut, 0, memory, kHuge) == kBlockIoError ? 0 : 1;
    check_equal(wrong, 0, "B02: data of no, part of or too many sectors is an I/O error");
    check(bench.comes_back(), "B02: and the disk is as before");
}

// B03: what was acknowledged was done, and no more than that.
void check_ranges() {
    require(bench.start(kRanges) && (bench.disk.features() & kRanges) == kRanges && fill_scratch(1),
            "B03: the disk starts, and takes zeroes");
    unsigned wrong = 0;
    for (unsigned first = 0; first + 3 <= kScratchSectors; first += 5) {
        const BlockRange range{kScratch + first, 3, first % 2};
        wrong += ask_range(kBlockWriteZeroes, range) == kBlockOk ? 0 : 1;
        memset(&wanted[first * kWordsPerSector], 0, 3 * kSectorSize);
        wrong += scratch_is_as_wanted() ? 0 : 1;
    }
    check_equal(wrong, 0, "B03: acknowledged zeroes are zero, and nothing else");
    constexpr std::uint32_t kFlags[] = {2, 3, 0x80000000, 0xffffffff};
    for (const std::uint32_t flags : kFlags) {
        const BlockRange range{kScratch, 1, flags};
        wrong += ask_range(kBlockWriteZeroes, range) == kBlockUnsupported ? 0 : 1;
        wrong += ask_range(kBlockDiscard, range) == kBlockUnsupported ? 0 : 1;
    }
    wrong += ask_range(kBlockDiscard, BlockRange{kScratch, 1, 1}) == kBlockUnsupported ? 0 : 1;
    constexpr std::uint32_t kSizes[] = {0, 1, 15, 17, 31, 32, 48, 4096};
    for (const std::uint32_t size : kSizes) {
        const std::uint8_t refusal = size < 16 ? kBlockIoError : kBlockUnsupported;
        const BlockRange range{kScratch + 4, 1, 0};
        wrong += ask_range(kBlockWriteZeroes, range, size) == refusal ? 0 : 1;
        wrong += ask_range(kBlockDiscard, range, size) == refusal ? 0 : 1;
    }
    wrong += ask_range(kBlockWriteZeroes, BlockRange{kScratch, 0, 0}) == kBlockOk ? 0 : 1;
    check_equal(wrong, 0, "B03: flags and segments that are not are refused");
    check(scratch_is_as_wanted(), "B03: which changes nothing");
    // A discarded sector is as it was, or zero.
    wrong += ask_range(kBlockDiscard, BlockRange{kScratch + 3, 2, 0}) == kBlockOk ? 0 : 1;
    static_cast<void>(bench.disk.run(kBlockIn, kScratch, found, kScratchSize));
    for (unsigned word = 0; word < kScratchSectors * kWordsPerSector; ++word) {
        const bool discarded = word / kWordsPerSector - 3 < 2;
        wrong += found[word] == wanted[word] || (discarded && found[word] == 0) ? 0 : 1;
    }
    check_equal(wrong, 0, "B03: a discard leaves what it was not about");
    check(bench.comes_back(), "B03: and the disk is as before");
}

// B05.
void check_types() {
    require(bench.start(0), "B05: the disk starts");
    unsigned wrong = 0;
    for (unsigned number = 0; number < 96; ++number) {
        const std::uint32_t type = number < 32   ? number
                                   : number < 64 ? 1U << (number - 32)
                                                 : ~0U << (number - 64);
        const bool known =
            type == kBlockIn || type == kBlockOut || type == kBlockFlush || type == kBlockGetId;
        wrong += known || ask(type, 0, kSectorSize) == kBlockUnsupported ? 0 : 1;
    }
    check_equal(wrong, 0, "B05 T07: types that are not, or not negotiated, are unsupported");
    constexpr std::uint32_t kSizes[] = {1, 19, 20, 21, 512};
    for (const std::uint32_t size : kSizes) {
        memset(hostile_buffer, 0xa7, sizeof(hostile_buffer));
        wrong += ask(kBlockGetId, 0, size) == kBlockOk ? 0 : 1;
        for (unsigned at = kBlockIdSize; at < sizeof(hostile_buffer); ++at) {
            wrong += hostile_buffer[at] == 0xa7 ? 0 : 1;
        }
    }
    wrong += ask(kBlockGetId, 0, 0) == kBlockIoError ? 0 : 1;
    check_equal(wrong, 0, "B05: an identity is 20 bytes at most");
    check(bench.comes_back(), "B05: and the disk is as before");
}

// B10: §2.7.4: what one request describes twice is written, or read, twice.
constexpr Violation kAliases[] = {
    {"B10: a read of four sectors into one buffer",
     [](VirtioBlk& d, unsigned) {
         const std::uint64_t data = address_of(hostile_buffer);
         set_request(d, kBlockIn, 0, data, kSectorSize, kDescriptorWrite);
         for (unsigned i = 3; i < 6; ++i) {
             set_descriptor(d, i, data, kSectorSize, kDescriptorNext | kDescriptorWrite,
                            i == 5 ? 2 : i + 1);
         }
         set_descriptor(d, 1, data, kSectorSize, kDescriptorNext | kDescriptorWrite, 3);
         offer(d);
     },
     Fate::Lives},
    {"B10: a read over its own header",
     [](VirtioBlk& d, unsigned) {
         set_request(d, kBlockIn, 0, address_of(hostile_buffer), kSectorSize, kDescriptorWrite);
         memcpy(hostile_buffer, &hostile_request.header, 16);
         set_descriptor(d, 0, address_of(hostile_buffer), 16, kDescriptorNext, 1);
         offer(d);
     },
     Fate::Done},
    {"B10: a status in its own data",
     [](VirtioBlk& d, unsigned) {
         set_good_read(d);
         set_descriptor(d, 2, address_of(hostile_buffer), 1, kDescriptorWrite);
         offer(d);
     },
     Fate::Lives},
};

// T15: the cache is switched as fast as can be, with writes under way.
void check_toggles(std::uint64_t toggles) {
    require(bench.start(kBlockFeatureConfigWce) &&
                (bench.disk.features() & kBlockFeatureConfigWce) != 0,
            "T15: the disk starts, and lets its cache be switched");
    static BlockRequest request;
    const std::uint64_t place = bench.disk.pci().device_config() + kWriteback;
    Virtqueue& queue = bench.disk.queue();
    std::uint64_t done = 0;
    unsigned wrong = 0;
    for (unsigned round = 2; done < toggles; ++round) {
        fill(wanted, kScratch, kScratchSectors, round);
        bench.disk.submit(request, kBlockOut, kScratch, wanted, kScratchSize);
        for (unsigned i = 0; i < 200; ++i, ++done) {
            mmio_write<std::uint8_t>(place, static_cast<std::uint8_t>(done & 1));
        }
        wrong += wait_until([&] { return queue.has_used(); }) ? 0 : 1;
        static_cast<void>(queue.take_used());
        wrong += request.status == kBlockOk && scratch_is_as_wanted() ? 0 : 1;
    }
    check_equal(wrong, 0, "T15: writes are whole while their cache is switched on and off");
    check(bench.comes_back(), "T15: and the disk is as before");
}

// B04, T07: nothing changes a read-only disk, whatever was negotiated; its file is looked at later.
void check_read_only() {
    constexpr std::uint32_t kTypes[] = {kBlockOut, kBlockDiscard, kBlockWriteZeroes,
                                        kBlockSecureErase};
    constexpr std::uint64_t kChoices[] = {0, kRanges, kRanges | kFeatureIndirect};
    bench.use_disk(1);
    unsigned wrong = 0;
    for (const std::uint64_t choice : kChoices) {
        wrong += bench.start(choice) ? 0 : 1;
        for (const std::uint32_t type : kTypes) {
            const std::uint8_t data = type == kBlockOut ? ask(type, 0, kSectorSize)
                                                        : ask_range(type, BlockRange{0, 1, 0});
            wrong +=
                data == kBlockIoError || (type != kBlockOut && data == kBlockUnsupported) ? 0 : 1;
        }
        wrong += ask(kBlockFlush, 0, 0) == kBlockOk ? 0 : 1;
        wrong += ask(kBlockIn, 0, kSectorSize) == kBlockOk ? 0 : 1;
    }
    check_equal(wrong, 0, "B04 T07: a read-only disk refuses all that writes, and flushes");
    // A driver that does not know the disk is read-only.
    VirtioPci& pci = bench.disk.pci();
    require(pci.reset() && pci.negotiate(kFeatureVersion1) &&
                pci.start_queue(0, HostileBench::kQueueSize, Virtqueue::Options{}, kNoVector,
                                bench.disk.queue()),
            "T07: it starts without VIRTIO_BLK_F_RO");
    pci.add_status(kStatusDriverOk);
    check_equal(ask(kBlockOut, 0, kSectorSize), kBlockIoError,
                "B04 T07: and without that feature, too");
    check(bench.comes_back(), "B04: and the disk is as before");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    enter_user_mode();
    check_ends();
    check_sizes();
    check_ranges();
    check_types();
    bench.run_all(kAliases);
    check_toggles(number_word(command_line(*info), "toggles=", 2000));
    check_read_only();
    finish();
}
