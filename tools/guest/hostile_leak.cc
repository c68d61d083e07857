// SPDX-License-Identifier: Apache-2.0
// Looks for memory of the host in its own: whatever a disk with direct I/O buffered holds 0xa5,
// which this guest wrote through it, and no answer may bring that back (virtio 1.2 §2.7.8.2).
// Prints "cut" where the host is to cut the image in the middle of kCut.
#include <cstdint>

#include "tools/guest/hostile.h"
#include "tools/guest/hostile_requests.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/user_mode.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kPoison = 0xa5;
constexpr std::uint64_t kPoisonWord = 0x0101010101010101U * kPoison;
constexpr std::uint8_t kCanary = 0x3c;
constexpr std::uint32_t kLargest = 256;   // sectors; as many as a buffer of the host holds
constexpr std::uint64_t kPoisoned = 256;  // from this sector on
constexpr std::uint64_t kCut = 1000;      // the host cuts the image in this sector
constexpr std::uint64_t kBehind = 2000;   // is gone then
constexpr std::uint64_t kLegacyHole = 0xa0000;
constexpr std::uint64_t kLegacyHoleEnd = 0x100000;

HostileBench bench;
// Lent from its second byte on: no direct I/O can use that.
alignas(4096) std::uint8_t lent[kLargest * kSectorSize + 4096];
alignas(8) std::uint64_t found[kLargest * kWordsPerSector];
std::uint8_t* const odd = lent + 1;

// The buffer of the host that is taken next has held nothing but poison; what is lent, none of it.
bool poison(std::uint64_t sector = kPoisoned) {
    memset(lent, kPoison, sizeof(lent));
    const bool written = bench.disk.run(kBlockOut, sector, odd, kLargest * kSectorSize) == kBlockOk;
    memset(lent, kCanary, sizeof(lent));
    return written;
}

bool has_poison(std::uint64_t from, std::uint64_t end) {
    const auto* const words = reinterpret_cast<const volatile std::uint64_t*>(from);
    for (std::uint64_t at = 1; at < (end - from) / 8; ++at) {
        if (words[at] == kPoisonWord && words[at - 1] == kPoisonWord) {
            print("poison at ", Hex{from + 8 * at - 8, 16}, '\n');
            return true;
        }
    }
    return false;
}
// Of all memory there is.
bool is_clean() {
    return !has_poison(0, kLegacyHole) && !has_poison(kLegacyHoleEnd, bench.memory_end());
}

std::uint8_t read_odd(std::uint64_t sector, std::uint32_t size) {
    return poison() ? bench.disk.run(kBlockIn, sector, odd, size) : kBlockLost;
}

// Whether all but the first `size` bytes are as they were lent.
bool is_untouched_behind(std::uint32_t size) {
    const std::uint8_t* const end = lent + sizeof(lent);
    for (const std::uint8_t* at = odd + size; at != end; ++at) {
        if (*at != kCanary) {
            return false;
        }
    }
    return lent[0] == kCanary;
}

void check_reads() {
    unsigned wrong = 0;
    constexpr std::uint32_t kCounts[] = {1, 2, 3, 7, 8, 9, 255, kLargest};
    for (const std::uint32_t sectors : kCounts) {
        const std::uint32_t size = sectors * kSectorSize;
        const bool read = read_odd(0, size) == kBlockOk;
        memcpy(found, odd, size);
        wrong += read && bench.disk.last_used_length() == size + 1 && is_untouched_behind(size) &&
                         matches(found, 0, sectors, 0)
                     ? 0
                     : 1;
    }
    check_equal(wrong, 0, "V20: what is read is what the disk holds, and nothing is behind it");
    check(is_clean(), "V20: and no byte of the host's is in memory");
}

// Answers that hold less than was lent for them.
void check_short_answers() {
    struct Case {
        std::uint32_t type;
        std::uint64_t sector;
        std::uint32_t size;
    };
    const std::uint64_t capacity = bench.disk.capacity();
    const Case cases[] = {
        {kBlockIn, capacity, 512},    {kBlockIn, capacity - 1, 1024}, {kBlockIn, 0, 511},
        {kBlockIn, 0, 513},           {kBlockGetId, 0, 20},           {kBlockGetId, 0, 19},
        {kBlockGetId, 0, 4096},       {kBlockFlush, 0, 4096},         {kBlockDiscard, 0, 4096},
        {kBlockWriteZeroes, 0, 4096}, {kBlockOut, kPoisoned, 64},     {77, 0, 4096},
    };
    unsigned wrong = 0;
    for (const Case& one : cases) {
        wrong += bench.start() && poison() ? 0 : 1;
        set_request(bench.disk, one.type, one.sector, address_of(odd), one.size, kDescriptorWrite);
        offer(bench.disk);
        bench.settle(Fate::Lives);
        const bool used = bench.disk.queue().has_used();
        const std::uint32_t length = used ? bench.disk.queue().take_used().length : 0;
        const std::uint32_t written = length != 0 && one.type == kBlockGetId ? kBlockIdSize : 0;
        wrong += used && is_untouched_behind(written < one.size ? written : one.size) ? 0 : 1;
    }
    check_equal(wrong, 0, "V20: an answer changes no byte that it does not count");
    check(is_clean(), "V20: and no byte of the host's is in memory after it");
}

// An image shorter than the disk: a transfer of the host's ends early.
void check_cut_image() {
    require(bench.start() && poison(kBehind), "V20: the disk is written to");
    print("cut\n");
    check(
        wait_until([] { return read_odd(kBehind, kSectorSize) != kBlockOk || odd[0] != kPoison; }),
        "V20: the image is cut");
    check(is_clean(), "V20: what lay behind the cut is not there");
    unsigned wrong = 0;
    constexpr std::uint32_t kCounts[] = {1, 2, 8, 64, kLargest};
    for (const std::uint32_t sectors : kCounts) {
        for (std::uint64_t before = 0; before <= sectors; before += sectors < 8 ? 1 : sectors / 8) {
            const std::uint8_t status = read_odd(kCut - before, sectors * kSectorSize);
            const bool answered = status == kBlockOk || status == kBlockIoError;
            if (!answered || !is_untouched_behind(sectors * kSectorSize) || !is_clean()) {
                print(sectors, " sectors, ", before, " before the cut, status ", Hex{status, 2},
                      '\n');
                ++wrong;
            }
        }
    }
    check_equal(wrong, 0, "V20: where a transfer ends early, no byte of the host's is in memory");
}

}  // namespace

void guest_start(const StartInfo* info) {
    begin(info);
    bench.open(*info);
    enter_user_mode();
    require(bench.disk.capacity() >= kBehind + kLargest, "V20: the disk is large enough");
    check_reads();
    check_short_answers();
    check_cut_image();
    finish();
}
