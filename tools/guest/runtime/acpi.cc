// SPDX-License-Identifier: Apache-2.0
// Finds and reads the ACPI tables.
#include "tools/guest/runtime/acpi.h"

#include <cstddef>

#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/page_map.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/runtime/text.h"

namespace siskin::guest {

namespace {

// Field offsets within tables (ACPI 6.4): tables are packed, so fields are read by offset.
constexpr std::size_t kLengthOffset = 4;           // §5.2.6
constexpr std::size_t kHeaderSize = 36;            // §5.2.6
constexpr std::size_t kFadtDsdtOffset = 40;        // §5.2.9
constexpr std::size_t kFadtSmiCommandOffset = 48;  //
constexpr std::size_t kFadtAcpiEnableOffset = 52;
constexpr std::size_t kFadtPm1aEventOffset = 56;
constexpr std::size_t kFadtPm1aControlOffset = 64;
constexpr std::size_t kFadtPmTimerOffset = 76;
constexpr std::size_t kFadtPm1EventLengthOffset = 88;
constexpr std::size_t kFadtResetRegisterOffset = 116;
constexpr std::size_t kFadtResetValueOffset = 128;
constexpr std::size_t kFadtXDsdtOffset = 140;
constexpr std::uint16_t kSleepEnable = 1U << 13;  // §4.8.3.2.1, PM1_CNT
constexpr unsigned kSleepTypeShift = 10;
constexpr std::uint8_t kAddressSpacePort = 1;  // §5.2.3.2

template <typename Integer>
Integer field(std::uint64_t table, std::size_t offset) {
    return mmio_read<Integer>(table + offset);
}

std::uint32_t table_length(std::uint64_t table) {
    return field<std::uint32_t>(table, kLengthOffset);
}

bool sums_to_zero(std::uint64_t address, std::size_t size) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        sum += *reinterpret_cast<const std::uint8_t*>(address + i);
    }
    return (sum & 0xff) == 0;
}

bool has_signature(std::uint64_t table, const char* signature) {
    return memcmp(reinterpret_cast<const void*>(table), signature, text_length(signature)) == 0;
}

// The table of that signature in the XSDT (or RSDT), 0 where there is none.
std::uint64_t find_table(std::uint64_t root, std::size_t entry_size, const char* signature) {
    for (std::size_t at = kHeaderSize; at + entry_size <= table_length(root); at += entry_size) {
        const std::uint64_t table =
            entry_size == 8 ? field<std::uint64_t>(root, at) : field<std::uint32_t>(root, at);
        map_device(table, kHeaderSize);
        if (has_signature(table, signature)) {
            map_device(table, table_length(table));
            return table;
        }
    }
    return 0;
}

void read_mcfg(std::uint64_t mcfg, Acpi& acpi) {
    constexpr std::size_t kFirstAllocation = 44;
    require(table_length(mcfg) >= kFirstAllocation + 16, "MCFG has an allocation");
    acpi.ecam.base = field<std::uint64_t>(mcfg, kFirstAllocation);
    acpi.ecam.segment = field<std::uint16_t>(mcfg, kFirstAllocation + 8);
    acpi.ecam.first_bus = field<std::uint8_t>(mcfg, kFirstAllocation + 10);
    acpi.ecam.last_bus = field<std::uint8_t>(mcfg, kFirstAllocation + 11);
}

void add_processor(Acpi& acpi, std::uint32_t apic_id, std::uint32_t flags) {
    if ((flags & 1) != 0 && acpi.processor_count < kProcessorsMax) {
        acpi.processor_apic_ids[acpi.processor_count++] = apic_id;
    }
}

void read_madt(std::uint64_t madt, Acpi& acpi) {
    constexpr std::size_t kFirstStructure = 44;
    acpi.local_apic_address = field<std::uint32_t>(madt, 36);
    for (std::size_t at = kFirstStructure; at + 2 <= table_length(madt);) {
        const auto type = field<std::uint8_t>(madt, at);
        const auto length = field<std::uint8_t>(madt, at + 1);
        if (length < 2) {
            check(false, "MADT structures have a length");
            return;
        }
        if (type == 0) {
            add_processor(acpi, field<std::uint8_t>(madt, at + 3),
                          field<std::uint32_t>(madt, at + 4));
        } else if (type == 9) {
            add_processor(acpi, field<std::uint32_t>(madt, at + 4),
                          field<std::uint32_t>(madt, at + 8));
        } else if (type == 1 && acpi.io_apic_address == 0) {
            acpi.io_apic_address = field<std::uint32_t>(madt, at + 4);
        }
        at += length;
    }
}

// One small AML integer: ZeroOp, OneOp, BytePrefix (§20.2.3).
std::uint8_t aml_small_integer(std::uint64_t address) {
    const auto opcode = field<std::uint8_t>(address, 0);
    return opcode == 0x0a ? field<std::uint8_t>(address, 1) : opcode;
}

// Looks for Name(_S5_, Package(){a, ...}) byte by byte: 08 "_S5_" 12 length count a (§7.4.2).
void read_s5(std::uint64_t dsdt, Acpi& acpi) {
    const std::uint32_t length = table_length(dsdt);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(dsdt);
    for (std::size_t at = kHeaderSize; at + 8 < length; ++at) {
        if (bytes[at] == '_' && memcmp(&bytes[at], "_S5_\x12", 5) == 0) {
            const std::size_t length_bytes = 1 + (bytes[at + 5] >> 6);
            acpi.s5_sleep_type = aml_small_integer(dsdt + at + 5 + length_bytes + 1);
            acpi.s5_found = true;
            return;
        }
    }
}

void read_fadt(std::uint64_t fadt, Acpi& acpi) {
    acpi.pm1_event_port = field<std::uint16_t>(fadt, kFadtPm1aEventOffset);
    acpi.pm1_enable_port = static_cast<std::uint16_t>(
        acpi.pm1_event_port + field<std::uint8_t>(fadt, kFadtPm1EventLengthOffset) / 2);
    acpi.pm1_control_port = field<std::uint16_t>(fadt, kFadtPm1aControlOffset);
    acpi.pm_timer_port = field<std::uint16_t>(fadt, kFadtPmTimerOffset);
    acpi.smi_command_port = field<std::uint16_t>(fadt, kFadtSmiCommandOffset);
    acpi.acpi_enable_value = field<std::uint8_t>(fadt, kFadtAcpiEnableOffset);
    if (field<std::uint8_t>(fadt, kFadtResetRegisterOffset) == kAddressSpacePort) {
        acpi.reset_port = field<std::uint16_t>(fadt, kFadtResetRegisterOffset + 4);
        acpi.reset_value = field<std::uint8_t>(fadt, kFadtResetValueOffset);
    }
    std::uint64_t dsdt = field<std::uint32_t>(fadt, kFadtDsdtOffset);
    if (table_length(fadt) >= kFadtXDsdtOffset + 8) {
        const auto extended = field<std::uint64_t>(fadt, kFadtXDsdtOffset);
        dsdt = extended != 0 ? extended : dsdt;
    }
    if (check(dsdt != 0 && has_signature(dsdt, "DSDT"), "the FADT points at a DSDT")) {
        map_device(dsdt, table_length(dsdt));
        read_s5(dsdt, acpi);
    }
}

}  // namespace

void read_acpi(const StartInfo& info, Acpi& acpi) {
    const std::uint64_t rsdp = info.rsdp_address;
    require(rsdp != 0 && has_signature(rsdp, "RSD PTR "), "start info points at an RSDP");
    check(sums_to_zero(rsdp, 20), "the RSDP's checksum is right");
    const bool extended = field<std::uint8_t>(rsdp, 15) >= 2 && field<std::uint64_t>(rsdp, 24) != 0;
    const std::uint64_t root =
        extended ? field<std::uint64_t>(rsdp, 24) : field<std::uint32_t>(rsdp, 16);
    const std::size_t entry_size = extended ? 8 : 4;
    require(has_signature(root, extended ? "XSDT" : "RSDT"), "the RSDP points at a root table");
    check(sums_to_zero(root, table_length(root)), "the root table's checksum is right");

    const std::uint64_t fadt = find_table(root, entry_size, "FACP");
    const std::uint64_t madt = find_table(root, entry_size, "APIC");
    const std::uint64_t mcfg = find_table(root, entry_size, "MCFG");
    require(fadt != 0 && madt != 0 && mcfg != 0, "FADT, MADT and MCFG are there");
    check(sums_to_zero(fadt, table_length(fadt)), "the FADT's checksum is right");
    check(sums_to_zero(madt, table_length(madt)), "the MADT's checksum is right");
    check(sums_to_zero(mcfg, table_length(mcfg)), "the MCFG's checksum is right");
    read_fadt(fadt, acpi);
    read_madt(madt, acpi);
    read_mcfg(mcfg, acpi);
}

void enter_acpi_mode(const Acpi& acpi) {
    if (acpi.smi_command_port != 0 && (port_read16(acpi.pm1_control_port) & 1) == 0) {
        port_write8(acpi.smi_command_port, acpi.acpi_enable_value);
    }
}

void power_off(const Acpi& acpi) {
    const auto control = static_cast<std::uint16_t>((port_read16(acpi.pm1_control_port) & 0x203) |
                                                    (acpi.s5_sleep_type << kSleepTypeShift));
    port_write16(acpi.pm1_control_port, static_cast<std::uint16_t>(control | kSleepEnable));
    halt_forever();
}

}  // namespace siskin::guest
