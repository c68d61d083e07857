// SPDX-License-Identifier: Apache-2.0
// From the machine's description to a loaded guest and its entry state.
#include "vmm/machine/boot.h"

#include "firmware/acpi/acpi_tables.h"
#include "firmware/linux/boot_layout.h"
#include "vmm/machine/address_plan.h"

namespace siskin {
namespace {

kvm_segment to_kvm(const BootSegment& segment) {
    kvm_segment out{};
    out.selector = segment.selector;
    out.base = segment.base;
    out.limit = segment.limit;
    out.type = segment.type;
    out.present = 1;
    out.s = segment.code_or_data ? 1 : 0;
    out.l = segment.is_64_bit ? 1 : 0;
    out.db = segment.is_32_bit ? 1 : 0;
    out.g = segment.counts_pages ? 1 : 0;
    return out;
}

}  // namespace

RamLayout ram_layout(const MachineConfig& config) {
    return RamLayout{ByteCount{low_ram_size(config.ram.value())},
                     ByteCount{high_ram_size(config.ram.value())}};
}

Result<BootEntry> load_boot_source(const BootSource& source, const GuestMemory& memory,
                                   const MachineConfig& config, const BoardQ35& board) {
    const acpi::AcpiConfig tables = board.acpi_config();
    const acpi::AcpiTables acpi = SISKIN_TRY(
        acpi::build_acpi_tables(tables, boot_layout::kAcpiTables, boot_layout::kAcpiRoom));
    BootEnvironment environment;
    environment.ram = ram_layout(config);
    environment.acpi = &acpi;
    environment.reserved = {
        E820Entry{GuestAddress{kEcamBase}, ByteCount{kEcamSize}, E820Type::Reserved},
        E820Entry{GuestAddress{kIdentityMapBase}, ByteCount{4 * 4 * kKiB}, E820Type::Reserved},
    };
    return source.load(memory, environment);
}

Result<> enter_guest(KvmVcpu& vcpu, const BootEntry& entry) {
    kvm_sregs special = SISKIN_TRY(vcpu.special_registers());
    special.cs = to_kvm(entry.code);
    for (kvm_segment* const segment :
         {&special.ds, &special.es, &special.fs, &special.gs, &special.ss}) {
        *segment = to_kvm(entry.data);
    }
    special.tr = to_kvm(entry.task);
    special.gdt.base = entry.gdt_base.value();
    special.gdt.limit = entry.gdt_limit;
    special.cr0 = entry.cr0;
    special.cr3 = entry.page_table_root.value();
    special.cr4 = entry.cr4;
    special.efer = entry.efer;
    SISKIN_TRY(vcpu.set_special_registers(special));
    kvm_regs registers{};
    registers.rip = entry.instruction.value();
    registers.rsi = entry.rsi;
    registers.rbx = entry.rbx;
    registers.rflags = entry.rflags;
    return vcpu.set_registers(registers);
}

}  // namespace siskin
