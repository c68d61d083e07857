// SPDX-License-Identifier: Apache-2.0
// Fuzzes the writes to one 64-bit BAR: what is decoded is never half old, half new.
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "pci/bar.h"
#include "pci/spec.h"

namespace {

class Nothing : public siskin::IoHandler {
public:
    std::uint64_t read(siskin::IoAccess /*access*/) override { return 0; }
    void write(siskin::IoAccess /*access*/, std::uint64_t /*value*/) override {}
};

}  // namespace

// Each step is 3 bytes: which register and width, and what goes into both ends of the value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace siskin;
    if (size == 0) {
        return 0;
    }
    Nothing nothing;
    ConfigSpace config(HeaderType::Endpoint, pci_spec::kConventionalSize);
    const ByteCount bar_size{std::uint64_t{1} << (4 + data[0] % 58)};
    Bar bar(config, 0, BarSpec{BarKind::Memory64, true, bar_size, &nothing});
    bool low_seen = false;  // since the last write that was not to one half alone
    bool high_seen = false;
    for (std::size_t at = 1; at + 3 <= size; at += 3) {
        const std::size_t offset = 0x08 + data[at] % 24U;
        const unsigned width = 1U << (data[at] >> 6);
        const std::uint64_t value = data[at + 1] == 0xff
                                        ? ~std::uint64_t{0}
                                        : std::uint64_t{data[at + 1]} << 24 |
                                              std::uint64_t{data[at + 2]} << 32 | data[at + 2];
        const auto before = bar.wanted(config);
        config.write(offset, width, value);
        bar.note_write(config, offset, width);
        const auto now = bar.wanted(config);
        SISKIN_ASSERT(!now || (*now != 0 && *now % bar_size.value() == 0));

        const bool low = offset < 0x14 && offset + width > 0x10;
        const bool high = offset < 0x18 && offset + width > 0x14;
        const bool one_half = low != high;
        low_seen = one_half && (low_seen || low);
        high_seen = one_half && (high_seen || high);
        const bool half_alone = low_seen != high_seen && bar_size.value() < 1ULL << 32;
        SISKIN_ASSERT(!half_alone || !before || !now || *before == *now);
    }
    return 0;
}
