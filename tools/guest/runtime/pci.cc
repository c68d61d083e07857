// SPDX-License-Identifier: Apache-2.0
// PCI configuration space, capabilities, BARs and MSI-X.
#include "tools/guest/runtime/pci.h"

#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/page_map.h"
#include "tools/guest/runtime/print.h"

namespace siskin::guest {

namespace {

Ecam the_ecam;

std::uint64_t ecam_address(Bdf bdf, std::uint16_t offset) {
    return the_ecam.base + (std::uint64_t{bdf.number} << 12) + (offset & 0xfff);
}

void select_by_port(Bdf bdf, std::uint16_t offset) {
    port_write32(0xcf8, 0x80000000 | (std::uint32_t{bdf.number} << 8) | (offset & 0xfcU));
}

void visit_bus(unsigned bus, void (*visit)(Bdf bdf), unsigned depth) {
    constexpr unsigned kDepthMax = 16;
    for (unsigned device = 0; device < 32; ++device) {
        if (config_read16(make_bdf(bus, device, 0), kPciVendor) == 0xffff) {
            continue;
        }
        const bool many = (config_read8(make_bdf(bus, device, 0), kPciHeaderType) & 0x80) != 0;
        for (unsigned function = 0; function < (many ? 8 : 1); ++function) {
            const Bdf bdf = make_bdf(bus, device, function);
            if (config_read16(bdf, kPciVendor) == 0xffff) {
                continue;
            }
            visit(bdf);
            const unsigned below = config_read8(bdf, kPciSecondaryBus);
            if ((config_read8(bdf, kPciHeaderType) & 0x7f) == 1 && below > bus &&
                depth < kDepthMax) {
                visit_bus(below, visit, depth + 1);
            }
        }
    }
}

}  // namespace

void print_bdf(Bdf bdf) {
    print(Hex{bdf.bus(), 2}, ':', Hex{bdf.device(), 2}, '.', unsigned{bdf.function()});
}

void use_ecam(const Ecam& ecam) {
    the_ecam = ecam;
    map_device(ecam.base, (std::uint64_t{ecam.last_bus} + 1) << 20);
}

std::uint8_t config_read8(Bdf bdf, std::uint16_t offset) {
    return mmio_read<std::uint8_t>(ecam_address(bdf, offset));
}
std::uint16_t config_read16(Bdf bdf, std::uint16_t offset) {
    return mmio_read<std::uint16_t>(ecam_address(bdf, offset));
}
std::uint32_t config_read32(Bdf bdf, std::uint16_t offset) {
    return mmio_read<std::uint32_t>(ecam_address(bdf, offset));
}
void config_write8(Bdf bdf, std::uint16_t offset, std::uint8_t value) {
    mmio_write(ecam_address(bdf, offset), value);
}
void config_write16(Bdf bdf, std::uint16_t offset, std::uint16_t value) {
    mmio_write(ecam_address(bdf, offset), value);
}
void config_write32(Bdf bdf, std::uint16_t offset, std::uint32_t value) {
    mmio_write(ecam_address(bdf, offset), value);
}

std::uint32_t config_read32_by_port(Bdf bdf, std::uint16_t offset) {
    select_by_port(bdf, offset);
    return port_read32(0xcfc);
}
std::uint8_t config_read8_by_port(Bdf bdf, std::uint16_t offset) {
    select_by_port(bdf, offset);
    return port_read8(static_cast<std::uint16_t>(0xcfc + (offset & 3)));
}

std::uint8_t find_capability(Bdf bdf, std::uint8_t identity, std::uint8_t after) {
    constexpr unsigned kCapabilitiesMax = 48;  // 192 bytes, 4 each
    constexpr std::uint16_t kHasCapabilities = 1U << 4;
    if ((config_read16(bdf, kPciStatus) & kHasCapabilities) == 0) {
        return 0;
    }
    const auto start = static_cast<std::uint16_t>(after == 0 ? kPciCapabilities : after + 1);
    auto at = static_cast<std::uint8_t>(config_read8(bdf, start) & 0xfc);
    for (unsigned seen = 0; at != 0 && seen < kCapabilitiesMax; ++seen) {
        if (config_read8(bdf, at) == identity) {
            return at;
        }
        at =
            static_cast<std::uint8_t>(config_read8(bdf, static_cast<std::uint16_t>(at + 1)) & 0xfc);
    }
    return 0;
}

std::uint64_t bar_address(Bdf bdf, unsigned index) {
    const auto offset = static_cast<std::uint16_t>(kPciBar0 + 4 * index);
    const std::uint32_t low = config_read32(bdf, offset);
    if ((low & 1) != 0) {
        return low & ~3U;
    }
    const bool wide = (low & 6) == 4;
    const std::uint64_t high =
        wide ? config_read32(bdf, static_cast<std::uint16_t>(offset + 4)) : 0;
    return (high << 32) | (low & ~0xfU);
}

BarInfo read_bar(Bdf bdf, unsigned index) {
    const auto offset = static_cast<std::uint16_t>(kPciBar0 + 4 * index);
    const auto upper = static_cast<std::uint16_t>(offset + 4);
    const std::uint16_t command = config_read16(bdf, kPciCommand);
    config_write16(bdf, kPciCommand, static_cast<std::uint16_t>(command & ~3U));
    const std::uint32_t low = config_read32(bdf, offset);
    config_write32(bdf, offset, 0xffffffff);
    const std::uint32_t low_mask = config_read32(bdf, offset);
    config_write32(bdf, offset, low);
    BarInfo info;
    info.address = bar_address(bdf, index);
    info.memory = (low_mask & 1) == 0;
    info.wide = info.memory && (low_mask & 6) == 4;
    info.prefetchable = info.memory && (low_mask & 8) != 0;
    std::uint64_t mask = low_mask & (info.memory ? ~0xfU : ~3U);
    if (info.wide) {
        const std::uint32_t high = config_read32(bdf, upper);
        config_write32(bdf, upper, 0xffffffff);
        mask |= std::uint64_t{config_read32(bdf, upper)} << 32;
        config_write32(bdf, upper, high);
    } else if (mask != 0) {
        mask |= 0xffffffff'00000000;
        if (!info.memory) {
            mask |= 0xffff0000;  // §7.5.1.2.1: the upper half of an I/O BAR may be wired to zero
        }
    }
    info.size = mask == 0 ? 0 : ~mask + 1;
    config_write16(bdf, kPciCommand, command);
    return info;
}

void visit_functions(void (*visit)(Bdf bdf)) {
    visit_bus(the_ecam.first_bus, visit, 0);
}

bool MsixTable::open(Bdf bdf) {
    bdf_ = bdf;
    capability_ = find_capability(bdf, kCapabilityMsix);
    if (capability_ == 0) {
        return false;
    }
    const auto control = static_cast<std::uint16_t>(capability_ + 2);
    size_ = (config_read16(bdf, control) & 0x7ffU) + 1;
    const std::uint32_t table = config_read32(bdf, static_cast<std::uint16_t>(capability_ + 4));
    const std::uint32_t bits = config_read32(bdf, static_cast<std::uint16_t>(capability_ + 8));
    table_ = bar_address(bdf, table & 7) + (table & ~7U);
    pending_bits_ = bar_address(bdf, bits & 7) + (bits & ~7U);
    map_device(table_, 16ULL * size_);
    map_device(pending_bits_, (size_ + 63) / 64 * 8);
    config_write16(bdf, control, 0x4000);  // disabled, function mask set
    return true;
}

void MsixTable::enable(bool function_masked) {
    config_write16(bdf_, static_cast<std::uint16_t>(capability_ + 2),
                   function_masked ? 0xc000 : 0x8000);
}

void MsixTable::set(unsigned entry, std::uint64_t address, std::uint32_t data, bool masked) {
    set_masked(entry, true);
    mmio_write(table_ + 16ULL * entry, static_cast<std::uint32_t>(address));
    mmio_write(table_ + 16ULL * entry + 4, static_cast<std::uint32_t>(address >> 32));
    mmio_write(table_ + 16ULL * entry + 8, data);
    set_masked(entry, masked);
}

void MsixTable::set_masked(unsigned entry, bool masked) {
    mmio_write<std::uint32_t>(table_ + 16ULL * entry + 12, masked ? 1 : 0);
}

bool MsixTable::pending(unsigned entry) const {
    const auto word = mmio_read<std::uint32_t>(pending_bits_ + entry / 32 * 4);
    return ((word >> (entry % 32)) & 1) != 0;
}

}  // namespace siskin::guest
