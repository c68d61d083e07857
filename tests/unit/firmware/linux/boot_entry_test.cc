// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/boot_entry.
#include "firmware/linux/boot_entry.h"

#include <doctest/doctest.h>

#include "firmware/linux/boot_layout.h"
#include "tests/unit/firmware/test_files.h"

namespace siskin {

namespace {

std::uint64_t qword(const GuestMemory& memory, std::uint64_t address) {
    return memory.read_object<std::uint64_t>(GuestAddress{address}).value();
}

// What a processor makes of a linear address: the walk of Intel SDM 3A §4.5 for 2 MiB pages.
std::uint64_t translate(const GuestMemory& memory, GuestAddress root, std::uint64_t address) {
    constexpr std::uint64_t kFrame = 0x000ffffffffff000;
    const std::uint64_t pml4e = qword(memory, root.value() + 8 * ((address >> 39) & 0x1ff));
    REQUIRE((pml4e & 1) == 1);
    const std::uint64_t pdpte = qword(memory, (pml4e & kFrame) + 8 * ((address >> 30) & 0x1ff));
    REQUIRE((pdpte & 1) == 1);
    const std::uint64_t pde = qword(memory, (pdpte & kFrame) + 8 * ((address >> 21) & 0x1ff));
    REQUIRE((pde & 0x83) == 0x83);
    return (pde & kFrame & ~std::uint64_t{0x1fffff}) | (address & 0x1fffff);
}

}  // namespace

TEST_SUITE("firmware/linux/boot_entry") {
    TEST_CASE("64-bit entry: long mode with flat __BOOT_CS and __BOOT_DS (boot.rst)") {
        const BootEntry entry = make_boot_entry(EntryMode::Long64);

        CHECK(entry.cr0 == 0x80000011);
        CHECK(entry.cr4 == 0x20);
        CHECK(entry.efer == 0x500);
        CHECK(entry.rflags == 0x2);
        CHECK(entry.page_table_root == boot_layout::kPageTables);
        CHECK(entry.code.selector == 0x10);
        CHECK(entry.code.descriptor() == 0x00af9b000000ffff);
        CHECK(entry.data.selector == 0x18);
        CHECK(entry.data.descriptor() == 0x00cf93000000ffff);
        CHECK(entry.task.descriptor() == 0x00008b0000000067);
    }

    TEST_CASE("PVH entry: 32-bit protected mode without paging (Xen: pvh.pandoc)") {
        const BootEntry entry = make_boot_entry(EntryMode::Protected32);

        CHECK(entry.cr0 == 0x11);
        CHECK(entry.cr4 == 0);
        CHECK(entry.efer == 0);
        CHECK(entry.page_table_root == GuestAddress{0});
        CHECK(entry.code.descriptor() == 0x00cf9b000000ffff);
        CHECK(entry.code.limit == 0xffffffff);
        CHECK(entry.data.descriptor() == 0x00cf93000000ffff);
        CHECK(entry.task.limit == 0x67);
        CHECK(entry.task.base == 0);
    }

    TEST_CASE("a descriptor scatters base and limit (Intel SDM 3A §3.4.5)") {
        const BootSegment segment{.selector = 8,
                                  .base = 0x12345678,
                                  .limit = 0x9abcd,
                                  .type = 0x3,
                                  .code_or_data = true,
                                  .is_64_bit = false,
                                  .is_32_bit = true,
                                  .counts_pages = false};

        CHECK(segment.descriptor() == 0x124993345678abcd);
    }

    TEST_CASE("the GDT holds what the selectors name") {
        const auto memory = test::make_ram(0x10000);
        const BootEntry entry = make_boot_entry(EntryMode::Long64);

        REQUIRE(write_entry_tables(*memory, entry).has_value());

        CHECK(entry.gdt_limit == 0x2f);
        CHECK(qword(*memory, entry.gdt_base.value()) == 0);
        CHECK(qword(*memory, entry.gdt_base.value() + 0x10) == entry.code.descriptor());
        CHECK(qword(*memory, entry.gdt_base.value() + 0x18) == entry.data.descriptor());
        CHECK(qword(*memory, entry.gdt_base.value() + 0x20) == entry.task.descriptor());
        CHECK(qword(*memory, entry.gdt_base.value() + 0x28) == 0);
    }

    TEST_CASE("the page tables map the first 4 GiB to themselves and nothing more") {
        const auto memory = test::make_ram(0x10000);
        const BootEntry entry = make_boot_entry(EntryMode::Long64);

        REQUIRE(write_entry_tables(*memory, entry).has_value());

        for (const std::uint64_t address : {0x0ULL, 0x1fffffULL, 0x200000ULL, 0x3fffffffULL,
                                            0x40000000ULL, 0xfee00123ULL, 0xffffffffULL}) {
            CHECK(translate(*memory, entry.page_table_root, address) == address);
        }
        CHECK(qword(*memory, boot_layout::kPageTables.value() + 8) == 0);
        CHECK(qword(*memory, boot_layout::kPageTables.value() + 0x1000 + 4 * 8) == 0);
    }

    TEST_CASE("PVH entry writes no page tables") {
        const auto memory = test::make_ram(0x10000);

        REQUIRE(write_entry_tables(*memory, make_boot_entry(EntryMode::Protected32)).has_value());

        CHECK(qword(*memory, boot_layout::kPageTables.value()) == 0xa5a5a5a5a5a5a5a5);
    }

    TEST_CASE("a guest without RAM there is an error") {
        const auto memory = test::make_ram(0xe000);

        CHECK_FALSE(write_entry_tables(*memory, make_boot_entry(EntryMode::Long64)).has_value());
    }
}

}  // namespace siskin
