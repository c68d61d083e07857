// SPDX-License-Identifier: Apache-2.0
// PCI configuration space by both ways, capabilities, BARs and MSI-X (PCIe 5.0 §7, PCI 3.0
// §3.2.2.3.2).
#pragma once

#include <cstdint>

#include "tools/guest/runtime/acpi.h"

namespace siskin::guest {

// Bus, device, function as one number: bus << 8 | device << 3 | function.
struct Bdf {
    std::uint16_t number = 0;
    [[nodiscard]] std::uint8_t bus() const { return static_cast<std::uint8_t>(number >> 8); }
    [[nodiscard]] std::uint8_t device() const {
        return static_cast<std::uint8_t>((number >> 3) & 31);
    }
    [[nodiscard]] std::uint8_t function() const { return number & 7; }
};
[[nodiscard]] constexpr Bdf make_bdf(unsigned bus, unsigned device, unsigned function) {
    return Bdf{static_cast<std::uint16_t>(bus << 8 | device << 3 | function)};
}
void print_bdf(Bdf bdf);  // bb:dd.f

// Registers of a header (§7.5.1).
inline constexpr std::uint16_t kPciVendor = 0x00;
inline constexpr std::uint16_t kPciDevice = 0x02;
inline constexpr std::uint16_t kPciCommand = 0x04;
inline constexpr std::uint16_t kPciStatus = 0x06;
inline constexpr std::uint16_t kPciClass = 0x08;  // with the revision in the low byte
inline constexpr std::uint16_t kPciHeaderType = 0x0e;
inline constexpr std::uint16_t kPciBar0 = 0x10;
inline constexpr std::uint16_t kPciPrimaryBus = 0x18;
inline constexpr std::uint16_t kPciSecondaryBus = 0x19;
inline constexpr std::uint16_t kPciSubordinateBus = 0x1a;
inline constexpr std::uint16_t kPciCapabilities = 0x34;
inline constexpr std::uint16_t kCommandMemory = 1U << 1;
inline constexpr std::uint16_t kCommandBusMaster = 1U << 2;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;
inline constexpr std::uint8_t kCapabilityVendor = 0x09;

// Tells where ECAM is; before any other call.
void use_ecam(const Ecam& ecam);

// Through ECAM. The offset is aligned to the width.
[[nodiscard]] std::uint8_t config_read8(Bdf bdf, std::uint16_t offset);
[[nodiscard]] std::uint16_t config_read16(Bdf bdf, std::uint16_t offset);
[[nodiscard]] std::uint32_t config_read32(Bdf bdf, std::uint16_t offset);
void config_write8(Bdf bdf, std::uint16_t offset, std::uint8_t value);
void config_write16(Bdf bdf, std::uint16_t offset, std::uint16_t value);
void config_write32(Bdf bdf, std::uint16_t offset, std::uint32_t value);
// Through ports 0xcf8 and 0xcfc; the first 256 bytes.
[[nodiscard]] std::uint32_t config_read32_by_port(Bdf bdf, std::uint16_t offset);
[[nodiscard]] std::uint8_t config_read8_by_port(Bdf bdf, std::uint16_t offset);

// The offset of the next capability with that identity behind `after` (0: the first), 0 when there
// is none. Bounded, whatever the list looks like.
[[nodiscard]] std::uint8_t find_capability(Bdf bdf, std::uint8_t identity, std::uint8_t after = 0);

struct BarInfo {
    std::uint64_t address = 0;
    std::uint64_t size = 0;  // 0: there is no such BAR
    bool memory = false;
    bool wide = false;  // takes two registers
    bool prefetchable = false;
};
// Sizes the BAR at that index with decoding switched off, and puts everything back.
[[nodiscard]] BarInfo read_bar(Bdf bdf, unsigned index);
// The address alone.
[[nodiscard]] std::uint64_t bar_address(Bdf bdf, unsigned index);

// Calls visit(bdf) for every function there is, buses in the order of a depth-first walk.
void visit_functions(void (*visit)(Bdf bdf));

class MsixTable {
public:
    // False where the function has none. Maps the table, leaves MSI-X disabled and masked.
    [[nodiscard]] bool open(Bdf bdf);
    [[nodiscard]] unsigned size() const { return size_; }
    void enable(bool function_masked);
    void set(unsigned entry, std::uint64_t address, std::uint32_t data, bool masked);
    void set_masked(unsigned entry, bool masked);
    [[nodiscard]] bool pending(unsigned entry) const;

private:
    Bdf bdf_;
    std::uint8_t capability_ = 0;
    unsigned size_ = 0;
    std::uint64_t table_ = 0;
    std::uint64_t pending_bits_ = 0;
};

}  // namespace siskin::guest
