// SPDX-License-Identifier: Apache-2.0
// Base address registers and the regions behind them.
#include "pci/bar.h"

#include "base/bits.h"
#include "base/result.h"

namespace siskin {

using namespace pci_spec;

namespace {

std::uint32_t type_bits(const BarSpec& spec) {
    if (spec.kind == BarKind::Io) {
        return kBarIo;
    }
    if (spec.kind == BarKind::Rom) {
        return 0;
    }
    return (spec.kind == BarKind::Memory64 ? kBarMemory64 : 0) |
           (spec.prefetchable ? kBarPrefetchable : 0);
}

bool is_proper(const BarSpec& spec) {
    const std::uint64_t size = spec.size.value();
    if (!is_power_of_two(size) || spec.handler == nullptr) {
        return false;
    }
    switch (spec.kind) {
        case BarKind::Io: return size >= 4 && size <= 256;
        case BarKind::Rom: return size >= 2 * kKiB && size <= 2 * kGiB;
        case BarKind::Memory32: return size >= 16 && size <= 2 * kGiB;
        case BarKind::Memory64: return size >= 16 && size <= (std::uint64_t{1} << 62);
    }
    return false;
}

bool touches(std::size_t offset, unsigned width, std::size_t first, std::size_t size) {
    return offset < first + size && first < offset + width;
}

// PCIe 5.0 §7.5.1.2.1, §7.5.1.2.4, §7.5.1.3.11.
std::size_t register_of(const ConfigSpace& config, unsigned index, BarKind kind) {
    if (kind != BarKind::Rom) {
        return kBar0 + std::size_t{index} * 4;
    }
    return (config.get8(kHeaderType) & 0x7f) == 0 ? kRomBar : kBridgeRomBar;
}

}  // namespace

Bar::Bar(ConfigSpace& config, unsigned index, const BarSpec& spec)
    : index_(index), offset_(register_of(config, index, spec.kind)), spec_(spec) {
    SISKIN_ASSERT(is_proper(spec));
    const unsigned width = spec.kind == BarKind::Memory64 ? 8 : 4;
    // PCIe 5.0 §7.5.1.2.1: the bits below the size are read-only zeroes, so writing ones and
    // reading back tells the size.
    config.registers().set(offset(), width, type_bits(spec));
    const std::uint64_t enable = spec.kind == BarKind::Rom ? kRomEnable : 0;
    config.registers().set_writable(offset(), width, address_mask() | enable);
}

// The writable bits.
std::uint64_t Bar::address_mask() const {
    const unsigned width = spec_.kind == BarKind::Memory64 ? 8 : 4;
    return ~(spec_.size.value() - 1) & all_ones(width);
}

std::uint64_t Bar::programmed(const ConfigSpace& config) const {
    const unsigned width = spec_.kind == BarKind::Memory64 ? 8 : 4;
    return config.registers().get(offset(), width) & address_mask();
}

void Bar::note_write(const ConfigSpace& config, std::size_t offset, unsigned width) {
    if (spec_.kind != BarKind::Memory64) {
        return;
    }
    const bool low = touches(offset, width, this->offset(), 4);
    const bool high = touches(offset, width, this->offset() + 4, 4);
    const std::uint64_t now = programmed(config);
    if (now != address_mask() && low == high) {  // the pair at once, or something else
        settle(config);
        return;
    }
    constexpr std::uint64_t kLow = 0xffffffff;
    const std::uint64_t ones = address_mask();
    if (low) {
        low_written_ = (now & kLow) != (ones & kLow);
    }
    if (high) {
        high_written_ = (now & ~kLow) != (ones & ~kLow);
    }
    const bool low_is_fixed = (ones & kLow) == 0;  // 4 GiB or more
    const bool complete = (low_written_ || low_is_fixed) && high_written_;
    if (now == settled_ ? half_written_ : complete) {
        settle(config);
    } else {
        half_written_ = now != settled_;
    }
}

void Bar::settle(const ConfigSpace& config) {
    half_written_ = false;
    low_written_ = false;
    high_written_ = false;
    settled_ = programmed(config);
}

std::optional<std::uint64_t> Bar::wanted(const ConfigSpace& config) const {
    const std::uint64_t address = programmed(config);
    if (spec_.kind == BarKind::Rom && (config.get32(offset()) & kRomEnable) == 0) {
        return std::nullopt;
    }
    return address == 0 || address == address_mask() || half_written_ ? std::nullopt
                                                                      : std::optional(address);
}

void Bar::program(ConfigSpace& config, std::uint64_t address) {
    SISKIN_ASSERT(is_aligned(address, spec_.size.value()));
    const unsigned width = spec_.kind == BarKind::Memory64 ? 8 : 4;
    config.registers().set(offset(), width, address | type_bits(spec_));
    settle(config);
}

void BarRegions::add(std::uint64_t offset, std::uint64_t size, IoHandler& handler) {
    for (const Region& present : regions_) {
        SISKIN_ASSERT(offset >= present.offset + present.size || present.offset >= offset + size);
    }
    regions_.push_back(Region{offset, size, &handler});
}

const BarRegions::Region* BarRegions::find(IoAccess access) const {
    for (const Region& region : regions_) {
        const std::uint64_t inside = access.offset - region.offset;
        if (access.offset >= region.offset && inside < region.size &&
            access.width <= region.size - inside) {
            return &region;
        }
    }
    return nullptr;
}

std::uint64_t BarRegions::read(IoAccess access) {
    const Region* const region = find(access);
    return region != nullptr
               ? region->handler->read(IoAccess{access.offset - region->offset, access.width})
               : all_ones(access.width);
}

void BarRegions::write(IoAccess access, std::uint64_t value) {
    if (const Region* const region = find(access)) {
        region->handler->write(IoAccess{access.offset - region->offset, access.width}, value);
    }
}

}  // namespace siskin
