// SPDX-License-Identifier: Apache-2.0
// Assembles the ACPI tables.
#include "firmware/acpi/acpi_tables.h"

#include <algorithm>

#include "base/bits.h"
#include "base/text.h"
#include "firmware/acpi/dsdt.h"
#include "firmware/acpi/facs.h"
#include "firmware/acpi/fadt.h"
#include "firmware/acpi/madt.h"
#include "firmware/acpi/mcfg.h"
#include "firmware/acpi/rsdp.h"
#include "firmware/acpi/slit.h"
#include "firmware/acpi/srat.h"
#include "firmware/acpi/xsdt.h"

namespace siskin::acpi {
namespace {

constexpr std::uint64_t kTableAlignment = 16;

std::string describe(const PciWindow& window) {
    return concat(hex(window.base.value()), " + ", hex(window.size.value()));
}

Result<> check_ecam(const EcamConfig& ecam) {
    const std::uint64_t size = (std::uint64_t{ecam.last_bus} + 1) * kMiB;
    if (ecam.last_bus < ecam.first_bus) {
        return fail(concat("the ECAM ends at bus ", ecam.last_bus, ", before its first bus ",
                           ecam.first_bus));
    }
    if (!is_aligned(ecam.base.value(), kMiB) || !checked_add(ecam.base, ByteCount{size})) {
        return fail(concat("the ECAM base is ", hex(ecam.base.value()),
                           ", which is no multiple of 1 MiB or too high"));
    }
    return {};
}

// Sorted copies of the windows with the ECAM among them do not meet.
Result<> check_windows(const AcpiConfig& config) {
    std::vector<PciWindow> ranges = config.memory_windows;
    ranges.push_back(
        {config.ecam.base, ByteCount{(std::uint64_t{config.ecam.last_bus} + 1) * kMiB}});
    std::sort(ranges.begin(), ranges.end(),
              [](const PciWindow& left, const PciWindow& right) { return left.base < right.base; });
    std::uint64_t free_from = 0;
    for (const PciWindow& range : ranges) {
        const auto end = checked_add(range.base, range.size);
        if (range.size.value() == 0 || !end || range.base.value() < free_from) {
            return fail(concat("the PCI memory window ", describe(range),
                               " is empty, wraps, or meets another window or the ECAM"));
        }
        if (range.base.value() < 4 * kGiB && end->value() > 4 * kGiB) {
            return fail(concat("the PCI memory window ", describe(range), " crosses 4 GiB"));
        }
        free_from = end->value();
    }
    return {};
}

Result<> check_numa(const AcpiConfig& config) {
    if (!config.numa) {
        return {};
    }
    const NumaConfig& numa = *config.numa;
    const std::size_t nodes = numa.node_count;
    const bool counts_fit = nodes != 0 && numa.node_of_processor.size() == config.apic_ids.size() &&
                            (numa.distances.empty() || numa.distances.size() == nodes * nodes);
    const bool nodes_fit =
        std::all_of(numa.node_of_processor.begin(), numa.node_of_processor.end(),
                    [&](std::uint32_t node) { return node < nodes; }) &&
        std::all_of(numa.memory.begin(), numa.memory.end(),
                    [&](const NumaConfig::Memory& memory) { return memory.node < nodes; });
    if (!counts_fit || !nodes_fit) {
        return fail(concat("what is said of the ", nodes, " NUMA nodes contradicts itself"));
    }
    return {};
}

Result<> check(const AcpiConfig& config) {
    if (config.apic_ids.empty() || config.apic_ids.size() > kProcessorsMax) {
        return fail(concat("the machine has ", config.apic_ids.size(),
                           " processors, allowed are 1 to ", kProcessorsMax));
    }
    constexpr std::uint64_t kPorts = 0x10000;
    const std::uint64_t io_base = config.io_window.base.value();
    if (io_base >= kPorts || config.io_window.size.value() > kPorts - io_base) {
        return fail(
            concat("the PCI I/O window ", describe(config.io_window), " is above port 0xffff"));
    }
    if (config.pm.base > kPorts - PmConfig::kBlockLength ||
        !is_aligned(config.pm.base, PmConfig::kBlockLength)) {
        return fail(concat("the ACPI register block is at port ", hex(config.pm.base),
                           ", which is no multiple of 128"));
    }
    constexpr std::uint32_t kIsaIrqs = 16;
    if (config.sci.value() >= kIsaIrqs) {
        return fail(concat("the SCI is GSI ", config.sci.value(), ", the most is 15"));
    }
    SISKIN_TRY(check_ecam(config.ecam));
    SISKIN_TRY(check_numa(config));
    return check_windows(config);
}

// Lays tables one after another from `base` on.
class Assembler {
public:
    explicit Assembler(GuestAddress base) { tables_.base = base; }

    GuestAddress place(std::string signature, const Bytes& table, std::uint64_t alignment) {
        const std::size_t offset = align_up(tables_.bytes.size(), alignment);
        tables_.bytes.resize(offset);
        tables_.bytes.insert(tables_.bytes.end(), table.begin(), table.end());
        tables_.tables.push_back({std::move(signature), offset, table.size()});
        return GuestAddress{tables_.base.value() + offset};
    }

    AcpiTables finish(const Bytes& rsdp) {
        std::copy(rsdp.begin(), rsdp.end(), tables_.bytes.begin());
        tables_.rsdp = tables_.base;
        return std::move(tables_);
    }

private:
    AcpiTables tables_;
};

}  // namespace

Result<AcpiTables> build_acpi_tables(const AcpiConfig& config, GuestAddress base, ByteCount room) {
    const auto end = checked_add(base, room);
    if (!is_aligned(base.value(), kFacsAlignment) || !end || end->value() > 4 * kGiB) {
        return fail(
            concat("the ACPI tables may not be at ", hex(base.value()), " + ", hex(room.value())));
    }
    SISKIN_TRY(check(config));

    Assembler assembler(base);
    // The RSDP has the first place; its content is known last.
    assembler.place("RSDP", Bytes(sizeof(Rsdp)), kRsdpAlignment);
    const GuestAddress facs = assembler.place("FACS", build_facs(), kFacsAlignment);
    const GuestAddress dsdt = assembler.place("DSDT", build_dsdt(config), kTableAlignment);
    std::vector<GuestAddress> listed{
        assembler.place("FACP", build_fadt(config, facs, dsdt), kTableAlignment),
        assembler.place("APIC", build_madt(config), kTableAlignment),
        assembler.place("MCFG", build_mcfg(config.ecam), kTableAlignment)};
    if (config.numa) {
        listed.push_back(assembler.place("SRAT", build_srat(config), kTableAlignment));
        if (!config.numa->distances.empty()) {
            listed.push_back(assembler.place("SLIT", build_slit(*config.numa), kTableAlignment));
        }
    }
    const GuestAddress xsdt = assembler.place("XSDT", build_xsdt(listed), kTableAlignment);
    AcpiTables tables = assembler.finish(build_rsdp(xsdt));
    if (tables.bytes.size() > room.value()) {
        return fail(concat("the ACPI tables take ", tables.bytes.size(), " bytes, there are ",
                           room.value()));
    }
    return tables;
}

}  // namespace siskin::acpi
