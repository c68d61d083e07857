// SPDX-License-Identifier: Apache-2.0
// The MADT.
#include "firmware/acpi/madt.h"

namespace siskin::acpi {
namespace {

constexpr std::uint8_t kMadtRevision = 5;       // ACPI 6.4
constexpr std::uint32_t kPcatCompatible = 1;    // two 8259 are there too (§5.2.12, table 5-20)
constexpr std::uint32_t kProcessorEnabled = 1;  // §5.2.12.2, table 5-22
// An xAPIC id is a byte and 0xff means all (§5.2.12.2); a processor UID there is a byte too.
constexpr std::uint32_t kLocalApicIdMax = 0xfe;
constexpr std::uint16_t kActiveHigh = 0x1;  // table 5-26
constexpr std::uint16_t kLevel = 0x3 << 2;
constexpr std::uint8_t kNmiLint = 1;  // MultiProcessor Specification 1.4 §3.6.1: NMI is LINTIN1

bool needs_x2apic(std::uint32_t apic_id, std::uint32_t uid) {
    return apic_id > kLocalApicIdMax || uid > kLocalApicIdMax;
}

void append_processor(Bytes& bytes, std::uint32_t apic_id, std::uint32_t uid) {
    if (needs_x2apic(apic_id, uid)) {
        MadtLocalX2Apic entry;
        entry.x2apic_id = apic_id;
        entry.flags = kProcessorEnabled;
        entry.processor_uid = uid;
        append_object(bytes, entry);
    } else {
        MadtLocalApic entry;
        entry.processor_uid = static_cast<std::uint8_t>(uid);
        entry.apic_id = static_cast<std::uint8_t>(apic_id);
        entry.flags = kProcessorEnabled;
        append_object(bytes, entry);
    }
}

void append_override(Bytes& bytes, std::uint8_t source, Gsi gsi, std::uint16_t flags) {
    MadtSourceOverride entry;
    entry.source = source;
    entry.gsi = gsi.value();
    entry.flags = flags;
    append_object(bytes, entry);
}

}  // namespace

Bytes build_madt(const AcpiConfig& config) {
    Bytes bytes;
    Madt madt;
    madt.header = make_header("APIC", kMadtRevision);
    madt.local_apic_address = static_cast<std::uint32_t>(config.local_apic_address.value());
    madt.flags = kPcatCompatible;
    append_object(bytes, madt);

    bool has_x2apic = false;
    for (std::uint32_t uid = 0; uid < config.apic_ids.size(); ++uid) {
        append_processor(bytes, config.apic_ids[uid], uid);
        has_x2apic = has_x2apic || needs_x2apic(config.apic_ids[uid], uid);
    }

    MadtIoApic io_apic;
    io_apic.io_apic_id = config.io_apic_id;
    io_apic.address = static_cast<std::uint32_t>(config.io_apic_address.value());
    append_object(bytes, io_apic);

    // The timer's IRQ 0 is wired to input 2; ISA's own polarity and trigger (edge) hold.
    append_override(bytes, 0, Gsi{2}, 0);
    append_override(bytes, static_cast<std::uint8_t>(config.sci.value()), config.sci,
                    kActiveHigh | kLevel);

    MadtLocalApicNmi nmi;
    nmi.processor_uid = 0xff;
    nmi.lint = kNmiLint;
    append_object(bytes, nmi);
    if (has_x2apic) {
        MadtLocalX2ApicNmi x2apic_nmi;
        x2apic_nmi.processor_uid = 0xffffffff;
        x2apic_nmi.lint = kNmiLint;
        append_object(bytes, x2apic_nmi);
    }
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
