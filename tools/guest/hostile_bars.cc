// SPDX-License-Identifier: Apache-2.0
// Moves a disk's BAR where it does not belong: over RAM, ECAM, the interrupt controllers, to 0 and
// to the top of the address space. What is there must win, and the disk work again at its old
// place.
#include <cstdint>

#include "tools/guest/blk_common.h"
#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/page_map.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint16_t kModernBar = 0x20;  // BAR 4, 64 bits, 16 KiB
constexpr std::uint64_t kBarSize = 0x4000;
constexpr std::uint32_t kTypeBits = 0xf;

alignas(kBarSize) std::uint64_t ram[kBarSize / 8];

// Decoding stays on all the while. A low half of ones may be the question for the size, so which
// half was the last is open then; any other register's write settles it.
void move_bar(Bdf bdf, std::uint64_t address) {
    config_write32(bdf, kModernBar, static_cast<std::uint32_t>(address));
    config_write32(bdf, kModernBar + 4, static_cast<std::uint32_t>(address >> 32));
    config_write16(bdf, kPciCommand, config_read16(bdf, kPciCommand));
}

void fill_ram() {
    for (std::uint64_t index = 0; index < kBarSize / 8; ++index) {
        ram[index] = ~index;
    }
}

bool ram_is_whole() {
    for (std::uint64_t index = 0; index < kBarSize / 8; ++index) {
        if (mmio_read<std::uint64_t>(reinterpret_cast<std::uint64_t>(&ram[index])) != ~index) {
            return false;
        }
    }
    return true;
}

std::uint32_t io_apic_version(std::uint64_t io_apic) {
    mmio_write<std::uint32_t>(io_apic, 1);
    return mmio_read<std::uint32_t>(io_apic + 0x10);
}

struct Witness {
    std::uint64_t io_apic;
    std::uint32_t apic_id;
    std::uint32_t apic_version;
    std::uint32_t host_bridge;

    explicit Witness(const Acpi& acpi)
        : io_apic(acpi.io_apic_address),
          apic_id(local_apic_id()),
          apic_version(io_apic_version(io_apic)),
          host_bridge(config_read32(make_bdf(0, 0, 0), kPciVendor)) {}
    [[nodiscard]] bool still_holds() const {
        return local_apic_id() == apic_id && io_apic_version(io_apic) == apic_version &&
               config_read32(make_bdf(0, 0, 0), kPciVendor) == host_bridge;
    }
};

void check_place(VirtioBlk& disk, std::uint64_t home, std::uint64_t place, const Acpi& acpi) {
    const Bdf bdf = disk.pci().bdf();
    const Witness before(acpi);
    const std::uint16_t queues = disk.pci().queue_count();
    print("BAR at ", Hex{place, 16}, '\n');
    fill_ram();
    move_bar(bdf, place);
    check_equal(config_read32(bdf, kModernBar) & ~kTypeBits, place & 0xffff'c000,
                "the register holds it");
    check(ram_is_whole(), "RAM is as it was");
    ram[7] = 7;
    check_equal(mmio_read<std::uint64_t>(reinterpret_cast<std::uint64_t>(&ram[7])), 7,
                "RAM takes writes");
    check(before.still_holds(), "interrupt controllers and ECAM answer as before");
    check_equal(mmio_read<std::uint32_t>(home), 0xffff'ffff, "nobody is at the old place");
    move_bar(bdf, home);
    check_equal(disk.pci().queue_count(), queues, "the disk is back at its old place");
    alignas(512) static std::uint64_t buffer[kWordsPerSector];
    check_equal(disk.run(kBlockIn, 3, buffer, kSectorSize), kBlockOk, "and serves requests");
    check(matches(buffer, 3, 1, 0), "with the right bytes");
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    static Bdf disks[kDisksMax];
    static VirtioBlk disk;
    begin(info);
    install_interrupt_table();
    enable_local_apic();
    static_cast<void>(find_expected_disks(*info, acpi, disks));
    require(disk.start(disks[0], VirtioBlk::Options{}), "the disk starts");
    const std::uint64_t home = bar_address(disks[0], 4);
    const std::uint64_t places[] = {
        0,
        reinterpret_cast<std::uint64_t>(&ram),
        acpi.ecam.base,
        acpi.io_apic_address,
        acpi.local_apic_address,
        0xffff'c000,
        ~std::uint64_t{0} - (kBarSize - 1),
        home + 0x4000'0000,  // outside the port's window
    };
    for (const std::uint64_t place : places) {
        check_place(disk, home, place, acpi);
    }
    finish();
}
