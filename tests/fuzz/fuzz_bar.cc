// SPDX-License-Identifier: Apache-2.0
// Fuzzes the writes to one BAR of any kind: what is decoded is never half old, half new.
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "pci/bar.h"
#include "pci/spec.h"

namespace {

using namespace siskin;

constexpr std::uint64_t kRegionSize = 0x10;

// A region of a BAR: no access leaves it.
class Region : public IoHandler {
public:
    std::uint64_t read(IoAccess access) override {
        SISKIN_ASSERT(access.width <= kRegionSize && access.offset <= kRegionSize - access.width);
        return 0;
    }
    void write(IoAccess access, std::uint64_t /*value*/) override {
        static_cast<void>(read(access));
    }
};

struct Kind {
    BarKind kind;
    unsigned size_min;  // powers of two
    unsigned size_max;
};
constexpr std::array<Kind, 8> kKinds{{
    {BarKind::Memory64, 4, 61},
    {BarKind::Memory64, 4, 61},
    {BarKind::Memory64, 4, 31},
    {BarKind::Memory64, 32, 61},
    {BarKind::Memory64, 4, 61},
    {BarKind::Memory32, 4, 31},
    {BarKind::Io, 2, 8},
    {BarKind::Rom, 11, 31},
}};

void access_regions(BarRegions& regions, std::uint64_t offset, unsigned width) {
    regions.write(IoAccess{offset, width}, offset);
    static_cast<void>(regions.read(IoAccess{offset, width}));
}

}  // namespace

// Two bytes: the kind, and the size. Each step is 3 bytes: which register and width, and what goes
// into both ends of the value. One that is all ones is firmware's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    Region one;
    Region other;
    BarRegions regions;
    regions.add(0, kRegionSize, one);
    regions.add(2 * kRegionSize, kRegionSize, other);
    ConfigSpace config(HeaderType::Endpoint, pci_spec::kConventionalSize);
    const Kind& kind = kKinds.at(data[0] % kKinds.size());
    const unsigned bits = kind.size_min + data[1] % (kind.size_max - kind.size_min + 1);
    const std::uint64_t bar_size = std::uint64_t{1} << bits;
    Bar bar(config, 0, BarSpec{kind.kind, data[0] >= 0x80, ByteCount{bar_size}, &regions});
    const bool is_pair = kind.kind == BarKind::Memory64;
    bool low_seen = false;  // since the last write that was not to one half alone
    bool high_seen = false;
    for (std::size_t at = 2; at + 3 <= size; at += 3) {
        const std::size_t start = kind.kind == BarKind::Rom ? 0x28 : 0x08;
        const std::size_t offset = start + data[at] % 24U;
        const unsigned width = 1U << (data[at] >> 6);
        const std::uint64_t value = data[at + 1] == 0xff
                                        ? ~std::uint64_t{0}
                                        : std::uint64_t{data[at + 1]} << 24 |
                                              std::uint64_t{data[at + 2]} << 32 | data[at + 2];
        access_regions(regions, data[at + 1] % 0x40U, width);
        if (data[at] == 0xff) {
            const std::uint64_t address = value & ~(bar_size - 1) & (is_pair ? ~0ULL : 0xffffffff);
            bar.program(config, address);
            SISKIN_ASSERT(bar.programmed(config) == address);
            low_seen = false;
            high_seen = false;
            continue;
        }
        const auto before = bar.wanted(config);
        config.write(offset, width, value);
        bar.note_write(config, offset, width);
        const auto now = bar.wanted(config);
        SISKIN_ASSERT(!now || (*now != 0 && *now % bar_size == 0));

        const bool low = offset < 0x14 && offset + width > 0x10;
        const bool high = offset < 0x18 && offset + width > 0x14;
        const bool one_half = low != high;
        low_seen = one_half && (low_seen || low);
        high_seen = one_half && (high_seen || high);
        const bool half_alone = is_pair && low_seen != high_seen && bar_size < 1ULL << 32;
        SISKIN_ASSERT(!half_alone || !before || !now || *before == *now);
    }
    return 0;
}
