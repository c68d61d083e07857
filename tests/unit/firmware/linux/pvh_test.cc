// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/pvh.
#include "firmware/linux/pvh.h"

#include <doctest/doctest.h>

#include "firmware/linux/boot_layout.h"
#include "tests/unit/firmware/test_files.h"

namespace siskin {

namespace {

const std::vector<E820Entry> kMap{
    {GuestAddress{0}, ByteCount{0x9fc00}, E820Type::Ram},
    {GuestAddress{0xb0000000}, ByteCount{0x10000000}, E820Type::Reserved}};

}  // namespace

TEST_SUITE("firmware/linux/pvh") {
    TEST_CASE(
        "start information, memory map and initrd are found from the magic on "
        "(Xen: hvm/start_info.h)") {
        const auto memory = test::make_ram(0x10000);

        REQUIRE(write_pvh_start_info(*memory,
                                     {GuestAddress{0xe0000}, GuestAddress{0x20000},
                                      GuestAddress{0x7f000000}, ByteCount{0x1234}},
                                     kMap)
                    .has_value());

        const auto info = memory->read_object<PvhStartInfo>(boot_layout::kStartInfo).value();
        CHECK(info.magic == 0x336ec578);
        CHECK(info.version == 1);
        CHECK(info.flags == 0);
        CHECK(info.command_line == 0x20000);
        CHECK(info.rsdp == 0xe0000);
        CHECK(info.reserved == 0);
        REQUIRE(info.module_count == 1);
        const auto module = memory->read_object<PvhModule>(GuestAddress{info.module_list}).value();
        CHECK(module.address == 0x7f000000);
        CHECK(module.size == 0x1234);
        CHECK(module.command_line == 0);
        CHECK(module.reserved == 0);
        REQUIRE(info.memory_map_count == 2);
        const auto last =
            memory->read_object<PvhMemoryRange>(GuestAddress{info.memory_map + 24}).value();
        CHECK(last.address == 0xb0000000);
        CHECK(last.size == 0x10000000);
        CHECK(last.type == 2);
        CHECK(last.reserved == 0);
    }

    TEST_CASE("without an initrd there is no module") {
        const auto memory = test::make_ram(0x10000);

        REQUIRE(write_pvh_start_info(
                    *memory,
                    {GuestAddress{0}, GuestAddress{0x20000}, GuestAddress{0}, ByteCount{0}}, kMap)
                    .has_value());

        const auto info = memory->read_object<PvhStartInfo>(boot_layout::kStartInfo).value();
        CHECK(info.module_count == 0);
        CHECK(info.module_list == 0);
    }

    TEST_CASE("a guest without RAM there is an error") {
        const auto memory = test::make_ram(0x6000);

        CHECK_FALSE(write_pvh_start_info(*memory, {}, kMap).has_value());
    }
}

}  // namespace siskin
