// SPDX-License-Identifier: Apache-2.0
// Walks the PCI Express tree through ECAM and ports, prints it, and checks what a loader without
// firmware must leave behind: BARs and bridge windows assigned, decoding on, nothing overlapping.
#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/pci.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/runtime/text.h"

using namespace siskin::guest;

namespace {

struct Range {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    [[nodiscard]] std::uint64_t last() const { return start + size - 1; }
    [[nodiscard]] bool overlaps(const Range& other) const {
        return size != 0 && other.size != 0 && start <= other.last() && other.start <= last();
    }
    [[nodiscard]] bool holds(const Range& other) const {
        return size != 0 && start <= other.start && other.last() <= last();
    }
};

struct BridgeWindows {
    Range memory;
    Range prefetchable;
};

constexpr unsigned kRangesMax = 128;
Range assigned[kRangesMax];
unsigned assigned_count = 0;
unsigned function_count = 0;
BridgeWindows windows_of_bus[256];
const StartInfo* start_info = nullptr;
Range ecam_range;

void print_range(const char* what, const Range& range) {
    print(what, Hex{range.start, 8}, '-', Hex{range.last(), 8});
}

bool in_ram(const Range& range) {
    const auto* const entries =
        reinterpret_cast<const MemoryMapEntry*>(start_info->memory_map_address);
    for (std::uint32_t i = 0; i < start_info->memory_map_entry_count; ++i) {
        const Range ram{entries[i].address, entries[i].size};
        if (entries[i].type == kMemoryTypeRam && ram.overlaps(range)) {
            return true;
        }
    }
    return false;
}

void check_memory_bar(Bdf bdf, const BarInfo& bar) {
    const Range range{bar.address, bar.size};
    print_range("  bar ", range);
    print(bar.wide ? " 64-bit" : " 32-bit", bar.prefetchable ? " prefetchable\n" : "\n");
    check(range.start != 0 && (range.start & (range.size - 1)) == 0,
          "the BAR is assigned and aligned to its size");
    check(!in_ram(range) && !ecam_range.overlaps(range), "the BAR is outside RAM and ECAM");
    check((config_read16(bdf, kPciCommand) & kCommandMemory) != 0, "memory decoding is on");
    if (bdf.bus() != 0) {
        const BridgeWindows& windows = windows_of_bus[bdf.bus()];
        check(windows.memory.holds(range) || windows.prefetchable.holds(range),
              "the BAR is inside its bridge's windows");
    }
    bool alone = true;
    for (unsigned i = 0; i < assigned_count; ++i) {
        alone = alone && !assigned[i].overlaps(range);
    }
    check(alone, "the BAR overlaps no other");
    if (assigned_count < kRangesMax) {
        assigned[assigned_count++] = range;
    }
}

void check_bars(Bdf bdf, unsigned bar_count) {
    for (unsigned index = 0; index < bar_count; ++index) {
        const BarInfo bar = read_bar(bdf, index);
        if (bar.size != 0 && bar.memory) {
            check_memory_bar(bdf, bar);
        } else if (bar.size != 0) {
            print_range("  io  ", Range{bar.address, bar.size});
            print('\n');
        }
        index += bar.wide ? 1 : 0;
    }
}

Range window(std::uint64_t base, std::uint64_t limit) {
    return base > limit ? Range{} : Range{base, limit + 0x100000 - base};
}

void note_bridge(Bdf bdf) {
    const unsigned primary = config_read8(bdf, kPciPrimaryBus);
    const unsigned secondary = config_read8(bdf, kPciSecondaryBus);
    const unsigned subordinate = config_read8(bdf, kPciSubordinateBus);
    print("  bus ", primary, " -> ", secondary, "..", subordinate, '\n');
    check(primary == bdf.bus() && secondary > primary && subordinate >= secondary,
          "the bridge's bus numbers are assigned");
    BridgeWindows& windows = windows_of_bus[secondary];
    const auto high = [bdf](std::uint16_t offset) {  // bits 31:20 of an address
        return (config_read16(bdf, offset) & 0xfff0ULL) << 16;
    };
    windows.memory = window(high(0x20), high(0x22));
    windows.prefetchable = window(high(0x24) | std::uint64_t{config_read32(bdf, 0x28)} << 32,
                                  high(0x26) | std::uint64_t{config_read32(bdf, 0x2c)} << 32);
    const Range* const both[] = {&windows.memory, &windows.prefetchable};
    for (const Range* range : both) {
        if (range->size == 0) {
            continue;
        }
        print_range("  window ", *range);
        print('\n');
        check(!in_ram(*range) && !ecam_range.overlaps(*range),
              "the window is outside RAM and ECAM");
        const BridgeWindows& outer = windows_of_bus[bdf.bus()];
        check(bdf.bus() == 0 || outer.memory.holds(*range) || outer.prefetchable.holds(*range),
              "the window is inside the outer bridge's");
    }
}

void check_both_ways(Bdf bdf) {
    unsigned differences = 0;
    for (std::uint16_t offset = 0; offset < 256; offset = static_cast<std::uint16_t>(offset + 4)) {
        const std::uint32_t by_ecam = config_read32(bdf, offset);
        const std::uint32_t by_port = config_read32_by_port(bdf, offset);
        if (by_ecam != by_port) {
            print("  at ", Hex{offset, 2}, ": ", Hex{by_ecam, 8}, " by ECAM, ", Hex{by_port, 8},
                  " by port\n");
            ++differences;
        }
    }
    for (std::uint16_t offset = 0; offset < 16; ++offset) {
        differences += config_read8(bdf, offset) == config_read8_by_port(bdf, offset) ? 0U : 1U;
    }
    check_equal(differences, 0, "ECAM and ports agree");
}

void visit(Bdf bdf) {
    ++function_count;
    const std::uint8_t header = config_read8(bdf, kPciHeaderType);
    print_bdf(bdf);
    print(' ', Hex{config_read16(bdf, kPciVendor), 4}, ':', Hex{config_read16(bdf, kPciDevice), 4},
          ' ', Hex{config_read32(bdf, kPciClass) >> 8, 6}, ' ', Hex{header, 2}, '\n');
    check_both_ways(bdf);
    if ((header & 0x7f) == 1) {
        note_bridge(bdf);
        check_bars(bdf, 2);
    } else if ((header & 0x7f) == 0) {
        check_bars(bdf, 6);
    }
}

void check_memory_map(const StartInfo& info) {
    require(info.memory_map_entry_count != 0, "start info has a memory map");
    std::uint64_t ram = 0;
    const auto* const entries = reinterpret_cast<const MemoryMapEntry*>(info.memory_map_address);
    for (std::uint32_t i = 0; i < info.memory_map_entry_count; ++i) {
        ram += entries[i].type == kMemoryTypeRam ? entries[i].size : 0;
    }
    print("ram ", (ram + (1 << 20) - 1) >> 20, " MiB\n");
    check(!in_ram(ecam_range), "ECAM is outside RAM");
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    begin(info);
    start_info = info;
    read_acpi(*info, acpi);
    ecam_range = Range{acpi.ecam.base, (acpi.ecam.last_bus - acpi.ecam.first_bus + 1ULL) << 20};
    print_range("ecam ", ecam_range);
    print(" bus ", unsigned{acpi.ecam.first_bus}, "..", unsigned{acpi.ecam.last_bus}, '\n');
    check(acpi.ecam.base != 0 && (acpi.ecam.base & 0xfffff) == 0, "MCFG gives an ECAM base");
    check_memory_map(*info);
    print("vcpus ", acpi.processor_count, '\n');
    check_equal(acpi.processor_count, number_word(command_line(*info), "vcpus=", 1),
                "the MADT has every virtual CPU");
    use_ecam(acpi.ecam);
    visit_functions(visit);
    print("functions ", function_count, '\n');
    check(config_read32(make_bdf(0, 0, 0), 0) == 0x29c08086, "00:00.0 is the q35 host bridge");
    check(config_read32(make_bdf(0, 0x1f, 0), 0) == 0x29188086, "00:1f.0 is the ICH9 LPC");
    check(config_read32(make_bdf(0, 0x1e, 7), 0) == 0xffffffff, "an absent function is all ones");
    check(config_read32(make_bdf(acpi.ecam.last_bus, 31, 7), 0xffc) == 0xffffffff,
          "the last register of ECAM is all ones");
    check(acpi.s5_found, "the DSDT has \\_S5");
    check(acpi.pm1_event_port != 0 && acpi.pm1_control_port != 0 && acpi.pm_timer_port != 0,
          "the FADT has PM1a event, control and the timer");
    check_equal(acpi.reset_port, 0xcf9, "the FADT's reset register");
    finish();
}
