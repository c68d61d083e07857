// SPDX-License-Identifier: Apache-2.0
// The ACPI tables a guest needs: where ECAM is, the processors, the power registers (ACPI 6.4
// §5.2).
#pragma once

#include <cstdint>

#include "tools/guest/runtime/start_info.h"

namespace siskin::guest {

inline constexpr unsigned kProcessorsMax = 32;

struct Ecam {  // MCFG allocation, PCI Firmware Specification 3.3 §4.1.2
    std::uint64_t base = 0;
    std::uint16_t segment = 0;
    std::uint8_t first_bus = 0;
    std::uint8_t last_bus = 0;
};

struct Acpi {
    Ecam ecam;
    // Local APIC identities of enabled processors, MADT types 0 and 9 (§5.2.12.2, §5.2.12.12).
    std::uint32_t processor_apic_ids[kProcessorsMax] = {};
    unsigned processor_count = 0;
    std::uint64_t local_apic_address = 0;
    std::uint64_t io_apic_address = 0;
    // Fixed hardware (§4.8.3): I/O ports, 0 where the FADT has none.
    std::uint16_t pm1_event_port = 0;
    std::uint16_t pm1_enable_port = 0;
    std::uint16_t pm1_control_port = 0;
    std::uint16_t pm_timer_port = 0;
    std::uint16_t smi_command_port = 0;
    std::uint8_t acpi_enable_value = 0;
    std::uint8_t s5_sleep_type = 0;
    bool s5_found = false;
    // The reset register's port (§4.8.3.6), 0 where there is none in port space.
    std::uint16_t reset_port = 0;
    std::uint8_t reset_value = 0;
};

// Reads and checks RSDP, XSDT or RSDT, FADT, MADT, MCFG and the \_S5 object of the DSDT; each check
// is part of the guest's report.
void read_acpi(const StartInfo& info, Acpi& acpi);

// ACPI mode (SCI_EN) where the FADT asks for it.
void enter_acpi_mode(const Acpi& acpi);
// S5 through PM1a_CNT.
[[noreturn]] void power_off(const Acpi& acpi);

}  // namespace siskin::guest
