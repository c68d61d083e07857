// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/boot_params against the kernel's own header.
#include "firmware/linux/boot_params.h"

#include <doctest/doctest.h>

#include <cstring>

#include <asm/bootparam.h>

#include "tests/unit/firmware/test_files.h"

namespace siskin {

namespace {

constexpr BootParamsInput kInput{GuestAddress{0xe0000}, GuestAddress{0x20000},
                                 GuestAddress{0x7f000000}, ByteCount{0x123456}};

// The header's structures are packed: the tests compare copies (unary +), never bind to a field.
boot_params build(const BootParamsInput& input, const std::vector<E820Entry>& map) {
    const test::FileBytes file = test::make_bzimage();
    const BzImage image =
        parse_bzimage(std::span(file).first(BzImage::kProbeSize), ByteCount{file.size()}).value();
    const BootParams built = build_boot_params(image, input, map);
    boot_params params{};
    static_assert(sizeof(params) == sizeof(built));
    std::memcpy(&params, &built, sizeof(params));
    return params;
}

}  // namespace

TEST_SUITE("firmware/linux/boot_params") {
    TEST_CASE("the kernel finds what the loader placed (boot.rst)") {
        const boot_params params = build(kInput, {});

        CHECK(+params.acpi_rsdp_addr == 0xe0000);
        CHECK(+params.hdr.cmd_line_ptr == 0x20000);
        CHECK(+params.ext_cmd_line_ptr == 0);
        CHECK(+params.hdr.ramdisk_image == 0x7f000000);
        CHECK(+params.hdr.ramdisk_size == 0x123456);
        CHECK(+params.ext_ramdisk_image == 0);
        CHECK(+params.ext_ramdisk_size == 0);
        CHECK(+params.hdr.type_of_loader == 0xff);
        CHECK(+params.hdr.vid_mode == 0xffff);
        CHECK(+params.hdr.code32_start == 0x200000);
    }

    TEST_CASE("the kernel's own header fields come through, its pointers do not") {
        const boot_params params = build(kInput, {});

        CHECK(+params.hdr.boot_flag == 0xaa55);
        CHECK(+params.hdr.header == 0x53726448);
        CHECK(+params.hdr.version == 0x020f);
        CHECK(+params.hdr.pref_address == 0x200000);
        CHECK(+params.hdr.init_size == 0x100000);
        CHECK(+params.hdr.setup_data == 0);
        CHECK(+params.sentinel == 0);
    }

    TEST_CASE("the memory map is counted and in order, up to its last entry") {
        std::vector<E820Entry> map(
            kE820EntriesMax,
            E820Entry{GuestAddress{0x123456789a000}, ByteCount{0x1000}, E820Type::Reserved});
        map.front() = {GuestAddress{0}, ByteCount{0x9fc00}, E820Type::Ram};

        const boot_params params = build(kInput, map);

        CHECK(+params.e820_entries == 128);
        CHECK(+params.e820_table[0].addr == 0);
        CHECK(+params.e820_table[0].size == 0x9fc00);
        CHECK(+params.e820_table[0].type == 1);
        CHECK(+params.e820_table[127].addr == 0x123456789a000);
        CHECK(+params.e820_table[127].size == 0x1000);
        CHECK(+params.e820_table[127].type == 2);
    }

    TEST_CASE("without an initrd both its fields are zero") {
        const boot_params params =
            build({GuestAddress{0}, GuestAddress{0x20000}, GuestAddress{0}, ByteCount{0}}, {});

        CHECK(+params.hdr.ramdisk_image == 0);
        CHECK(+params.hdr.ramdisk_size == 0);
        CHECK(+params.acpi_rsdp_addr == 0);
    }
}

}  // namespace siskin
