// SPDX-License-Identifier: Apache-2.0
// Random descriptors and headers, and the memory that nothing may change.
#include "tools/guest/hostile_mangle.h"

#include "tools/guest/hostile.h"

namespace siskin::guest {

alignas(4096) std::uint8_t hostile_area[kHostileAreaSize];
alignas(4096) std::uint8_t hostile_rings[kHostileAreaSize];

namespace {

constexpr std::uint64_t kFirstSector = 128;  // that may be written
constexpr std::uint64_t kHole = 0xfd000000;  // no RAM, no device
constexpr std::uint64_t kWitness = 0x5a17'ab1e'0000'0000;
constexpr unsigned kWitnessWords = 256 << 10;
alignas(4096) std::uint64_t witness[kWitnessWords];
// In the area: data ends where the headers begin, and behind them is room for one more buffer.
constexpr std::uint32_t kDataSize = 48 << 10;
constexpr std::uint32_t kLongest = 4096;
static_assert(kDataSize + kHostileHeaders * sizeof(BlockRequest) + kLongest <= kHostileAreaSize);

std::uint64_t header_address(unsigned number) {
    return address_of(hostile_area) + kDataSize + sizeof(BlockRequest) * number;
}

std::uint64_t somewhere(Random& random) {
    const std::uint64_t places[] = {
        address_of(hostile_area) + random.below(kDataSize),
        address_of(hostile_area) + 16 * random.below(kDataSize / 16),
        header_address(random.below(kHostileHeaders)),
        kHole,
        0xfee00000,
        ~std::uint64_t{0} - random.below(512),
        1ULL << 63 | kHole,
    };
    return places[random.below(7)];
}

}  // namespace

void prepare_attack() {
    // No zeroes: what is taken for a header by mistake must not name a sector there is.
    memset(hostile_area, 0xff, sizeof(hostile_area));
    for (unsigned i = 0; i < kWitnessWords; ++i) {
        witness[i] = kWitness | i;
    }
}

bool witness_is_intact() {
    for (unsigned i = 0; i < kWitnessWords; ++i) {
        if (*const_cast<volatile std::uint64_t*>(&witness[i]) != (kWitness | i)) {
            return false;
        }
    }
    return true;
}

std::uint64_t edge_value(Random& random) {
    constexpr std::uint32_t kSmall[] = {0,      1,      2,      3,      4,      8,
                                        15,     16,     17,     64,     0xff,   0x100,
                                        0x7f00, 0x7fff, 0x8000, 0xfffe, 0xffff, 0xf00d};
    const std::uint64_t large[] = {0xffff0000,
                                   0x80000000,
                                   0xffffffff,
                                   kHole,
                                   ~std::uint64_t{0},
                                   1ULL << 63 | kHole,
                                   address_of(hostile_rings) + 16 * random.below(2048),
                                   address_of(hostile_rings)};
    return random.below(2) == 0 ? kSmall[random.below(18)] : large[random.below(8)];
}

void put_request(VirtioBlk& disk, Random& random, unsigned first) {
    const unsigned number = first / 3 % kHostileHeaders;
    mangle_header(random, number);
    const auto* const header =
        reinterpret_cast<const BlockRequest::Header*>(header_address(number));
    const unsigned direction = header->type == kBlockOut ? 0 : kDescriptorWrite;
    set_descriptor(disk, first, header_address(number), 16, kDescriptorNext, first + 1);
    set_descriptor(disk, first + 1, address_of(hostile_area) + kSectorSize * random.below(64),
                   kSectorSize * (1 + random.below(4)), kDescriptorNext | direction, first + 2);
    set_descriptor(disk, first + 2, address_of(hostile_area) + 3, 1, kDescriptorWrite);
}

void mangle_descriptor(Random& random, volatile Descriptor& entry) {
    constexpr std::uint32_t kLengths[] = {0,   1,    15,  16,         17,         48,   511,
                                          512, 1024, 513, 0x80000000, 0xffffffff, 4096, 512};
    switch (random.below(4)) {
        case 0: entry.next = static_cast<std::uint16_t>(edge_value(random)); break;
        case 1: entry.flags = static_cast<std::uint16_t>(random.below(8)); break;
        case 2: entry.length = kLengths[random.below(14)]; break;
        default: entry.address = somewhere(random); break;
    }
}

void mangle_header(Random& random, unsigned number) {
    constexpr std::uint32_t kTypes[] = {kBlockIn,    kBlockIn,      kBlockOut,         kBlockFlush,
                                        kBlockGetId, kBlockDiscard, kBlockWriteZeroes, 77};
    const std::uint64_t sectors[] = {kFirstSector, kFirstSector + random.below(64), 1ULL << 55,
                                     ~std::uint64_t{0}};
    auto* const header = reinterpret_cast<BlockRequest::Header*>(header_address(number));
    *header = BlockRequest::Header{kTypes[random.below(8)], 0, sectors[random.below(4)]};
}

}  // namespace siskin::guest
