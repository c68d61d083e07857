// SPDX-License-Identifier: Apache-2.0
// AcpiConfig: what the ACPI tables say about a machine, filled by its board.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"

namespace siskin::acpi {

// A range of addresses that the PCI host bridge passes on. `size` is in bytes, not zero.
struct PciWindow {
    GuestAddress base;
    ByteCount size;
};

// The memory-mapped configuration space of one PCI segment (PCI Firmware 3.3 §4.1.2).
struct EcamConfig {
    GuestAddress base;             // address of bus 0, a multiple of 1 MiB
    std::uint8_t first_bus = 0;    // first bus that is decoded
    std::uint8_t last_bus = 0xff;  // last one
};

// Hot-plug by ACPI: the register block that QEMU's q35 has at this place.
struct PciHotplugConfig {
    static constexpr std::uint8_t kBlockLength = 0x18;  // ports
    static constexpr std::uint8_t kEvent = 1;           // the general-purpose event

    std::uint16_t base = 0xcc0;
};

// A function that the DSDT names, because a hot-pluggable bus is behind it or it may be ejected.
struct PciNode {
    std::uint32_t address = 0;  // _ADR: device in the high half, function in the low
    // It may come and go: which bus, as the register block numbers them, and which device there.
    struct Slot {
        std::uint32_t bus = 0;
        std::uint8_t device = 0;
    };
    std::optional<Slot> slot;
    // The bus behind it, if devices may come and go there.
    std::optional<std::uint32_t> hotplug_bus;
    std::vector<PciNode> children;
};

// A root bus besides the first one (pxb-pcie): a host bridge of its own for the operating system.
// Its windows lie inside the first one's, which then leaves them out.
struct PciExpander {
    std::uint8_t first_bus = 0;  // its number; it has the buses up to the next expander's
    std::vector<PciWindow> memory_windows;
    std::optional<PciWindow> io_window;
    std::vector<PciNode> nodes;
};

// The ICH9 ACPI register block: offsets from `base` (Intel I/O Controller Hub 9 §13.8.3).
struct PmConfig {
    static constexpr std::uint16_t kEventOffset = 0x00;    // PM1a_EVT, 4 bytes
    static constexpr std::uint16_t kControlOffset = 0x04;  // PM1a_CNT, 2 bytes
    static constexpr std::uint16_t kTimerOffset = 0x08;    // PM_TMR, 4 bytes
    static constexpr std::uint16_t kGpe0Offset = 0x20;     // GPE0 status and enable, 16 bytes
    static constexpr std::uint8_t kEventLength = 4;
    static constexpr std::uint8_t kControlLength = 2;
    static constexpr std::uint8_t kTimerLength = 4;
    static constexpr std::uint8_t kGpe0Length = 16;
    static constexpr std::uint8_t kBlockLength = 0x80;  // the whole block, reserved for the board

    std::uint16_t base = 0x600;      // an I/O port, a multiple of 128
    bool timer_is_32_bit = false;    // ICH9's timer counts 24 bits
    std::uint8_t s5_sleep_type = 0;  // SLP_TYP that powers off; QEMU's q35 has 0
};

// The reset register of the FADT (ACPI 6.4 §4.8.3.6): one byte written to one I/O port.
struct ResetConfig {
    std::uint16_t port = 0xcf9;
    // ICH9 §13.7.5: RST_CPU going 0 to 1 resets, with SYS_RST a hard reset.
    std::uint8_t value = 0x06;
};

// The bits of _OSC's control field (PCI Firmware 3.3 §4.5.1, table 4-6).
inline constexpr std::uint32_t kOscNativeHotplug = 1U << 0;
inline constexpr std::uint32_t kOscShpcHotplug = 1U << 1;
inline constexpr std::uint32_t kOscPme = 1U << 2;
inline constexpr std::uint32_t kOscAer = 1U << 3;
inline constexpr std::uint32_t kOscCapabilityStructure = 1U << 4;

// What is near to what. All numbers are those of nodes, from 0 to node_count - 1.
struct NumaConfig {
    struct Memory {
        std::uint32_t node = 0;
        GuestAddress base;
        ByteCount size;
        bool hot_pluggable = false;  // memory may come here; there is none yet
    };

    std::uint32_t node_count = 0;
    std::vector<std::uint32_t> node_of_processor;  // one for each of AcpiConfig::apic_ids
    std::vector<Memory> memory;
    // A row for each node, from it to each; empty: not known, and no SLIT.
    std::vector<std::uint8_t> distances;
};

// Plain data; a board fills it once a reset.
struct AcpiConfig {
    // APIC id of each vCPU; its index is the ACPI processor UID. At least one.
    std::vector<std::uint32_t> apic_ids;
    GuestAddress local_apic_address{0xfee00000};
    std::uint8_t io_apic_id = 0;
    GuestAddress io_apic_address{0xfec00000};
    // System control interrupt: level, active high.
    Gsi sci{9};
    PmConfig pm;
    ResetConfig reset;
    EcamConfig ecam;
    // Memory windows of the host bridge, below or above 4 GiB, none across it; not over the ECAM.
    std::vector<PciWindow> memory_windows;
    // I/O ports of the host bridge; 0xcf8..0xcff are left out by themselves.
    PciWindow io_window{GuestAddress{0}, ByteCount{0x10000}};
    // Of the first root bus; with them, `pci_hotplug` is there.
    std::vector<PciNode> nodes;
    std::optional<PciHotplugConfig> pci_hotplug;
    // In ascending order of bus numbers.
    std::vector<PciExpander> expanders;
    // What _OSC hands to the operating system when it asks.
    std::uint32_t osc_granted = kOscNativeHotplug | kOscPme | kOscAer | kOscCapabilityStructure;
    // The function of the LPC bridge, as _ADR: device in the high half, function in the low.
    std::uint32_t lpc_address = 0x001f0000;
    std::optional<NumaConfig> numa;
    bool com1_present = true;    // 16550 at 0x3f8, IRQ 4
    bool rtc_present = true;     // MC146818 at 0x70, IRQ 8, century in CMOS byte 0x32
    bool i8042_present = false;  // a keyboard controller with devices, not just its reset line
    bool vga_present = false;
};

}  // namespace siskin::acpi
