// SPDX-License-Identifier: Apache-2.0
// The common header and the lists of capabilities.
#include "pci/config_space.h"

#include <algorithm>
#include <cstddef>

#include "base/bits.h"
#include "base/result.h"

namespace siskin {

using namespace pci_spec;

ConfigSpace::ConfigSpace(HeaderType header_type, std::size_t size)
    : registers_(size), power_on_(size) {
    SISKIN_ASSERT(size == kConventionalSize || size == kExpressSize);
    set8(kHeaderType, static_cast<std::uint8_t>(header_type));
    // PCIe 5.0 §7.5.1.1.3: the enables that mean something to a virtual function.
    registers_.set_writable(
        kCommand, 2,
        kCommandIo | kCommandMemory | kCommandBusMaster | kCommandSerr | kCommandIntxDisable);
    registers_.set_write_1_to_clear(kStatus, 2, kStatusErrors);
    registers_.set_writable(kCacheLineSize, 1, 0xff);
    registers_.set_writable(kInterruptLine, 1, 0xff);
}

void ConfigSpace::update16(std::size_t offset, std::uint16_t mask, std::uint16_t value) {
    const unsigned kept = get16(offset) & ~static_cast<unsigned>(mask);
    set16(offset, static_cast<std::uint16_t>(kept | (value & mask)));
}

std::uint16_t ConfigSpace::add_capability(std::uint8_t id, std::size_t size,
                                          std::optional<std::uint16_t> offset) {
    const std::size_t at = offset.value_or(static_cast<std::uint16_t>(capabilities_end_));
    const std::size_t end = at + align_up(size, 4);
    SISKIN_ASSERT(size >= 2 && is_aligned(at, 4) && at >= capabilities_end_ &&
                  end <= kConventionalSize);
    set8(at, id);
    set8(at + 1, get8(kCapabilityPointer));
    set8(kCapabilityPointer, static_cast<std::uint8_t>(at));
    update16(kStatus, kStatusCapabilities, kStatusCapabilities);
    capabilities_end_ = end;
    return static_cast<std::uint16_t>(at);
}

std::uint16_t ConfigSpace::add_extended_capability(std::uint16_t id, std::uint8_t version,
                                                   std::size_t size) {
    const std::size_t at = extended_end_;
    SISKIN_ASSERT(size >= 4 && at + align_up(size, 4) <= registers_.size());
    // PCIe 5.0 §7.6.3: id, version, offset of the next.
    set32(at, static_cast<std::uint32_t>(id | (version & 0xfU) << 16));
    if (last_extended_ != 0) {
        set32(last_extended_, get32(last_extended_) | static_cast<std::uint32_t>(at << 20));
    }
    last_extended_ = static_cast<std::uint16_t>(at);
    extended_end_ = at + align_up(size, 4);
    return static_cast<std::uint16_t>(at);
}

std::optional<std::uint16_t> ConfigSpace::find_capability(std::uint8_t id) const {
    for (std::uint16_t at = get8(kCapabilityPointer); at != 0; at = get8(at + 1U)) {
        if (get8(at) == id) {
            return at;
        }
    }
    return std::nullopt;
}

std::optional<std::uint16_t> ConfigSpace::find_extended_capability(std::uint16_t id) const {
    if (last_extended_ == 0) {
        return std::nullopt;
    }
    for (std::uint32_t at = kConventionalSize; at != 0; at = get32(at) >> 20) {
        if (get16(at) == id) {
            return static_cast<std::uint16_t>(at);
        }
    }
    return std::nullopt;
}

void ConfigSpace::remember_power_on() {
    const auto now = registers_.bytes();
    power_on_.assign(now.begin(), now.end());
}

void ConfigSpace::make_sticky(std::size_t offset, std::size_t size) {
    SISKIN_ASSERT(offset <= registers_.size() && size <= registers_.size() - offset);
    sticky_.push_back({offset, size});
}

void ConfigSpace::reset(ResetKind kind) {
    const auto now = registers_.bytes();
    if (kind == ResetKind::PowerOn) {
        std::copy(power_on_.begin(), power_on_.end(), now.begin());
        return;
    }
    std::vector<std::uint8_t> next = power_on_;
    for (const Range& range : sticky_) {
        const auto offset = static_cast<std::ptrdiff_t>(range.offset);
        std::copy_n(now.begin() + offset, range.size, next.begin() + offset);
    }
    std::copy(next.begin(), next.end(), now.begin());
}

}  // namespace siskin
