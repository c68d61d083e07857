// SPDX-License-Identifier: Apache-2.0
// Fills the zero page.
#include "firmware/linux/boot_params.h"

#include <algorithm>
#include <cstring>

namespace siskin {
namespace {

// The fields a boot loader writes (boot.rst, "Details of Header Fields").
constexpr std::size_t kVideoMode = 0x1fa;
constexpr std::size_t kTypeOfLoader = 0x210;
constexpr std::size_t kCode32Start = 0x214;
constexpr std::size_t kRamdiskImage = 0x218;
constexpr std::size_t kRamdiskSize = 0x21c;
constexpr std::size_t kCmdLinePointer = 0x228;
constexpr std::size_t kSetupData = 0x250;

constexpr std::uint16_t kVideoModeNormal = 0xffff;
constexpr std::uint8_t kLoaderUndefined = 0xff;  // boot.rst: for a loader without an assigned id

template <typename Integer>
void put(BootParams& params, std::size_t offset, Integer value) {
    std::memcpy(params.header.data() + (offset - BzImage::kHeaderOffset), &value, sizeof(value));
}

}  // namespace

BootParams build_boot_params(const BzImage& image, const BootParamsInput& input,
                             const std::vector<E820Entry>& e820) {
    SISKIN_ASSERT(e820.size() <= kE820EntriesMax);
    BootParams params;
    SISKIN_ASSERT(image.header.size() <= params.header.size());
    std::copy(image.header.begin(), image.header.end(), params.header.begin());
    put<std::uint16_t>(params, kVideoMode, kVideoModeNormal);
    put<std::uint8_t>(params, kTypeOfLoader, kLoaderUndefined);
    put(params, kCode32Start, static_cast<std::uint32_t>(image.load_address.value()));
    put(params, kRamdiskImage, static_cast<std::uint32_t>(input.initrd.value()));
    put(params, kRamdiskSize, static_cast<std::uint32_t>(input.initrd_size.value()));
    put(params, kCmdLinePointer, static_cast<std::uint32_t>(input.command_line.value()));
    put<std::uint64_t>(params, kSetupData, 0);  // a pointer, so not what the file says
    params.acpi_rsdp_address = input.rsdp.value();
    params.e820_entry_count = static_cast<std::uint8_t>(e820.size());
    for (std::size_t index = 0; index < e820.size(); ++index) {
        params.e820_table[index].base = e820[index].base.value();
        params.e820_table[index].size = e820[index].size.value();
        params.e820_table[index].type = static_cast<std::uint32_t>(e820[index].type);
    }
    return params;
}

}  // namespace siskin
