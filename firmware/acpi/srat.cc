// SPDX-License-Identifier: Apache-2.0
// The SRAT.
#include "firmware/acpi/srat.h"

namespace siskin::acpi {
namespace {

constexpr std::uint8_t kSratRevision = 3;  // ACPI 6.4
constexpr std::uint32_t kEnabled = 1U << 0;
constexpr std::uint32_t kHotPluggable = 1U << 1;
// As in the MADT: an xAPIC id is a byte, and 0xff means all.
constexpr std::uint32_t kLocalApicIdMax = 0xfe;

void append_processor(Bytes& bytes, std::uint32_t apic_id, std::uint32_t node) {
    if (apic_id > kLocalApicIdMax) {
        SratLocalX2Apic entry;
        entry.node = node;
        entry.x2apic_id = apic_id;
        entry.flags = kEnabled;
        append_object(bytes, entry);
        return;
    }
    SratLocalApic entry;
    entry.node_low = static_cast<std::uint8_t>(node);
    entry.node_high = {static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node >> 16),
                       static_cast<std::uint8_t>(node >> 24)};
    entry.apic_id = static_cast<std::uint8_t>(apic_id);
    entry.flags = kEnabled;
    append_object(bytes, entry);
}

}  // namespace

Bytes build_srat(const AcpiConfig& config) {
    const NumaConfig& numa = *config.numa;
    Bytes bytes;
    Srat srat;
    srat.header = make_header("SRAT", kSratRevision);
    srat.reserved_1 = 1;
    append_object(bytes, srat);
    for (std::size_t index = 0; index < config.apic_ids.size(); ++index) {
        append_processor(bytes, config.apic_ids[index], numa.node_of_processor[index]);
    }
    for (const NumaConfig::Memory& memory : numa.memory) {
        SratMemory entry;
        entry.node = memory.node;
        entry.base = memory.base.value();
        entry.size = memory.size.value();
        entry.flags = kEnabled | (memory.hot_pluggable ? kHotPluggable : 0);
        append_object(bytes, entry);
    }
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
