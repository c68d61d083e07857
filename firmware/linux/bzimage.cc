// SPDX-License-Identifier: Apache-2.0
// Parses bzImages.
#include "firmware/linux/bzimage.h"

#include <algorithm>
#include <concepts>
#include <cstring>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {
namespace {

// Offsets of boot.rst, "The Real-Mode Kernel Header".
constexpr std::size_t kSetupSects = 0x1f1;
constexpr std::size_t kBootFlag = 0x1fe;
constexpr std::size_t kJumpOffset = 0x201;
constexpr std::size_t kMagic = 0x202;
constexpr std::size_t kVersion = 0x206;
constexpr std::size_t kLoadFlags = 0x211;
constexpr std::size_t kInitrdAddrMax = 0x22c;
constexpr std::size_t kKernelAlignment = 0x230;
constexpr std::size_t kRelocatable = 0x234;
constexpr std::size_t kXloadFlags = 0x236;
constexpr std::size_t kCmdlineSize = 0x238;
constexpr std::size_t kPrefAddress = 0x258;
constexpr std::size_t kInitSize = 0x260;
constexpr std::size_t kHeaderEndMin = 0x268;  // protocol 2.12 has everything up to here

constexpr std::uint16_t kBootFlagValue = 0xaa55;
constexpr std::uint32_t kMagicValue = 0x53726448;  // "HdrS"
constexpr std::uint16_t kVersionMin = 0x020c;      // the first with xloadflags
constexpr std::uint8_t kLoadedHigh = 1U << 0;
constexpr std::uint16_t kKernel64 = 1U << 0;
constexpr std::uint64_t kSectorSize = 512;
constexpr std::uint64_t kSetupSectsIfZero = 4;
constexpr std::uint64_t kLoadAddressMin = kMiB;

template <std::integral Integer>
Integer load(std::span<const std::byte> probe, std::size_t offset) {
    Integer value = 0;
    std::memcpy(&value, probe.data() + offset, sizeof(value));
    return value;
}

std::string version_text(std::uint16_t version) {
    return concat(version >> 8, ".", version & 0xff);
}

Result<> check_protocol(std::span<const std::byte> probe) {
    const auto version = load<std::uint16_t>(probe, kVersion);
    if (version < kVersionMin) {
        return fail(concat("its boot protocol is ", version_text(version), ", the least is ",
                           version_text(kVersionMin)));
    }
    if ((load<std::uint8_t>(probe, kLoadFlags) & kLoadedHigh) == 0) {
        return fail("it is a zImage (LOADED_HIGH is clear in loadflags), allowed is a bzImage");
    }
    if ((load<std::uint16_t>(probe, kXloadFlags) & kKernel64) == 0) {
        return fail("it has no 64-bit entry point (XLF_KERNEL_64 is clear in xloadflags)");
    }
    return {};
}

Result<> check_load_address(std::span<const std::byte> probe, const BzImage& image) {
    const std::uint64_t address = image.load_address.value();
    if (address < kLoadAddressMin || address >= 4 * kGiB) {
        return fail(concat("its pref_address is ", hex(address), ", allowed are ",
                           hex(kLoadAddressMin), " to 0xffffffff"));
    }
    const std::uint64_t alignment = load<std::uint32_t>(probe, kKernelAlignment);
    if (load<std::uint8_t>(probe, kRelocatable) != 0 &&
        (!is_power_of_two(alignment) || !is_aligned(address, alignment))) {
        return fail(concat("its kernel_alignment is ", hex(alignment),
                           ", allowed are powers of two that divide its pref_address ",
                           hex(address)));
    }
    if (image.init_size.value() == 0) {
        return fail("its init_size is 0");
    }
    return {};
}

}  // namespace

bool looks_like_bzimage(std::span<const std::byte> probe) {
    return probe.size() >= kMagic + sizeof(kMagicValue) &&
           load<std::uint16_t>(probe, kBootFlag) == kBootFlagValue &&
           load<std::uint32_t>(probe, kMagic) == kMagicValue;
}

Result<BzImage> parse_bzimage(std::span<const std::byte> probe, ByteCount file_size) {
    if (!looks_like_bzimage(probe)) {
        return fail("it has no setup header (0xaa55 at 0x1fe, HdrS at 0x202)");
    }
    if (probe.size() < BzImage::kHeaderEndMax) {
        return fail(concat("it is ", probe.size(), " bytes long, its setup header alone takes ",
                           BzImage::kHeaderEndMax));
    }
    SISKIN_TRY(check_protocol(probe));

    BzImage image;
    image.protocol = load<std::uint16_t>(probe, kVersion);
    const std::size_t header_end = kMagic + load<std::uint8_t>(probe, kJumpOffset);
    if (header_end < kHeaderEndMin) {
        return fail(concat("its setup header ends at ", hex(header_end), ", the least is ",
                           hex(kHeaderEndMin)));
    }
    // A newer kernel's header may be longer than what boot_params gives room for.
    const std::size_t copy_end = std::min(header_end, BzImage::kHeaderEndMax);
    const auto header = probe.subspan(BzImage::kHeaderOffset, copy_end - BzImage::kHeaderOffset);
    image.header.assign(header.begin(), header.end());

    std::uint64_t sectors = load<std::uint8_t>(probe, kSetupSects);
    sectors = sectors == 0 ? kSetupSectsIfZero : sectors;
    image.code_offset = ByteCount{(sectors + 1) * kSectorSize};
    if (file_size.value() <= image.code_offset.value() + BzImage::kEntry64Offset) {
        return fail(concat("it is ", file_size.value(), " bytes long, its setup code alone takes ",
                           image.code_offset.value()));
    }
    image.code_size = ByteCount{file_size.value() - image.code_offset.value()};
    image.load_address = GuestAddress{load<std::uint64_t>(probe, kPrefAddress)};
    image.init_size = ByteCount{load<std::uint32_t>(probe, kInitSize)};
    image.command_line_max = load<std::uint32_t>(probe, kCmdlineSize);
    image.initrd_last = GuestAddress{load<std::uint32_t>(probe, kInitrdAddrMax)};
    SISKIN_TRY(check_load_address(probe, image));
    return image;
}

}  // namespace siskin
