// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/bzimage.
#include "firmware/linux/bzimage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <asm/bootparam.h>

#include "tests/unit/firmware/test_files.h"

namespace siskin {
using test::FileBytes;
using test::poke;

namespace {

Result<BzImage> parse(const FileBytes& file) {
    const std::span probe = std::span(file).first(std::min(file.size(), BzImage::kProbeSize));
    return parse_bzimage(probe, ByteCount{file.size()});
}

template <typename T>
std::string refusal_with(std::size_t offset, T value) {
    FileBytes file = test::make_bzimage();
    poke(file, offset, value);
    const auto image = parse(file);
    REQUIRE_FALSE(image.has_value());
    return image.error().message;
}

constexpr std::size_t header_field(std::size_t offset_in_setup_header) {
    return offsetof(boot_params, hdr) + offset_in_setup_header;
}

}  // namespace

TEST_SUITE("firmware/linux/bzimage") {
    TEST_CASE("a good image gives its code, its address and its limits") {
        const auto image = parse(test::make_bzimage());

        REQUIRE(image.has_value());
        CHECK(image->protocol == 0x020f);
        CHECK(image->code_offset == ByteCount{test::kBzImageCodeOffset});
        CHECK(image->code_size == ByteCount{test::kBzImageCodeSize});
        CHECK(image->load_address == GuestAddress{0x200000});
        CHECK(image->init_size == ByteCount{0x100000});
        CHECK(image->command_line_max == 255);
        CHECK(image->initrd_last == GuestAddress{0x7fffffff});
        CHECK(image->header.size() == 0x26c - 0x1f1);
    }

    TEST_CASE("the kernel's own header agrees on where the fields are") {
        FileBytes file = test::make_bzimage();
        poke<std::uint32_t>(file, header_field(offsetof(setup_header, init_size)), 0x123000);
        poke<std::uint64_t>(file, header_field(offsetof(setup_header, pref_address)), 0x400000);
        poke<std::uint32_t>(file, header_field(offsetof(setup_header, cmdline_size)), 77);
        poke<std::uint32_t>(file, header_field(offsetof(setup_header, initrd_addr_max)), 0x8888);
        poke<std::uint8_t>(file, header_field(offsetof(setup_header, setup_sects)), 3);

        const auto image = parse(file);

        REQUIRE(image.has_value());
        CHECK(image->init_size == ByteCount{0x123000});
        CHECK(image->load_address == GuestAddress{0x400000});
        CHECK(image->command_line_max == 77);
        CHECK(image->initrd_last == GuestAddress{0x8888});
        CHECK(image->code_offset == ByteCount{2048});
    }

    TEST_CASE("setup_sects 0 means 4 (boot.rst)") {
        FileBytes file = test::make_bzimage();
        poke<std::uint8_t>(file, 0x1f1, 0);

        CHECK(parse(file).value().code_offset == ByteCount{5 * 512});
    }

    TEST_CASE("a header longer than boot_params has room for is cut, a short one refused") {
        FileBytes file = test::make_bzimage();
        poke<std::uint8_t>(file, 0x201, 0xff);

        CHECK(parse(file).value().header.size() == 0x290 - 0x1f1);
        CHECK(refusal_with<std::uint8_t>(0x201, 0x65) ==
              "its setup header ends at 0x267, the least is 0x268");
    }

    TEST_CASE("each bad field is named with its value and what is allowed") {
        CHECK(refusal_with<std::uint16_t>(0x1fe, 0) ==
              "it has no setup header (0xaa55 at 0x1fe, HdrS at 0x202)");
        CHECK(refusal_with<std::uint16_t>(0x206, 0x020b) ==
              "its boot protocol is 2.11, the least is 2.12");
        CHECK(refusal_with<std::uint8_t>(0x211, 0) ==
              "it is a zImage (LOADED_HIGH is clear in loadflags), allowed is a bzImage");
        CHECK(refusal_with<std::uint16_t>(0x236, 0xfffe) ==
              "it has no 64-bit entry point (XLF_KERNEL_64 is clear in xloadflags)");
        CHECK(refusal_with<std::uint64_t>(0x258, 0xff000) ==
              "its pref_address is 0xff000, allowed are 0x100000 to 0xffffffff");
        CHECK(refusal_with<std::uint64_t>(0x258, 0xffffffffffe00000) ==
              "its pref_address is 0xffffffffffe00000, allowed are 0x100000 to 0xffffffff");
        CHECK(refusal_with<std::uint32_t>(0x230, 0x300000) ==
              "its kernel_alignment is 0x300000, allowed are powers of two that divide its "
              "pref_address 0x200000");
        CHECK(refusal_with<std::uint32_t>(0x230, 0x400000).find("0x400000") != std::string::npos);
        CHECK(refusal_with<std::uint32_t>(0x230, 0).find("is 0x0") != std::string::npos);
        CHECK(refusal_with<std::uint32_t>(0x260, 0) == "its init_size is 0");
        CHECK(refusal_with<std::uint8_t>(0x1f1, 0xff) ==
              "it is 9216 bytes long, its setup code alone takes 131072");
    }

    TEST_CASE("a kernel that is not relocatable needs no alignment") {
        FileBytes file = test::make_bzimage();
        poke<std::uint8_t>(file, 0x234, 0);
        poke<std::uint32_t>(file, 0x230, 0);

        CHECK(parse(file).has_value());
    }

    TEST_CASE("cut at any byte it is an error or a shorter code, never more") {
        const FileBytes whole = test::make_bzimage();

        for (std::size_t size = 0; size < whole.size(); ++size) {
            const FileBytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const auto image = parse(cut);
            CAPTURE(size);
            // Behind setup code and entry offset 0x200 there has to be a byte.
            REQUIRE(image.has_value() == (size > test::kBzImageCodeOffset + 0x200));
            const std::uint64_t code_end =
                image.has_value() ? image->code_offset.value() + image->code_size.value() : size;
            REQUIRE(code_end == size);
        }
    }
}

}  // namespace siskin
