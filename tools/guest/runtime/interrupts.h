// SPDX-License-Identifier: Apache-2.0
// The interrupt table, the local APIC and inter-processor interrupts (Intel SDM volume 3, 6 and
// 10).
#pragma once

#include <cstdint>

namespace siskin::guest {

using InterruptHandler = void (*)(std::uint8_t vector);

inline constexpr std::uint8_t kFirstDeviceVector = 0x30;
inline constexpr std::uint8_t kSpuriousVector = 0xff;

// Fills and loads the table. Exceptions print where they came from and end the guest.
void install_interrupt_table();
// Loads the table on the processor this runs on.
void load_interrupt_table();
// Called with interrupts off, before the end-of-interrupt.
void set_interrupt_handler(std::uint8_t vector, InterruptHandler handler);

// Enables the local APIC of the processor this runs on, and silences the two PICs.
void enable_local_apic();
[[nodiscard]] std::uint32_t local_apic_id();
// Writes the interrupt command register and waits until it was sent (10.6.1).
void send_interprocessor_interrupt(std::uint32_t apic_id, std::uint32_t command);

inline constexpr std::uint32_t kIpiInit = 0x0000'4500;     // INIT, assert
inline constexpr std::uint32_t kIpiStartup = 0x0000'4600;  // plus the page number
inline constexpr std::uint32_t kIpiFixed = 0x0000'4000;    // plus the vector

// An MSI message that reaches that processor with that vector (10.11).
[[nodiscard]] constexpr std::uint64_t msi_address(std::uint32_t apic_id) {
    return 0xfee00000 | (std::uint64_t{apic_id & 0xff} << 12);
}

// Routes a pin of the I/O APIC, edge-triggered, to that processor and vector, unmasked.
void route_io_apic_pin(std::uint64_t io_apic, unsigned pin, std::uint8_t vector,
                       std::uint32_t apic_id);
// The same for a level-triggered pin, as those of PCI are.
void route_io_apic_level_pin(std::uint64_t io_apic, unsigned pin, std::uint8_t vector,
                             std::uint32_t apic_id);

}  // namespace siskin::guest
