// SPDX-License-Identifier: Apache-2.0
// Writes the PVH start information.
#include "firmware/linux/pvh.h"

#include "firmware/linux/boot_layout.h"

namespace siskin {

static_assert(boot_layout::kStartInfo.value() + sizeof(PvhStartInfo) <=
              boot_layout::kModuleList.value());
static_assert(boot_layout::kModuleList.value() + sizeof(PvhModule) <=
              boot_layout::kMemoryMap.value());
static_assert(boot_layout::kMemoryMap.value() + kE820EntriesMax * sizeof(PvhMemoryRange) <=
              boot_layout::kBootParams.value());

Result<> write_pvh_start_info(const GuestMemory& memory, const PvhInput& input,
                              const std::vector<E820Entry>& e820) {
    SISKIN_ASSERT(e820.size() <= kE820EntriesMax);
    PvhStartInfo info;
    info.magic = kPvhMagic;
    info.version = 1U;
    info.command_line = input.command_line.value();
    info.rsdp = input.rsdp.value();
    info.memory_map = boot_layout::kMemoryMap.value();
    info.memory_map_count = static_cast<std::uint32_t>(e820.size());
    if (input.initrd_size.value() > 0) {
        info.module_count = 1U;
        info.module_list = boot_layout::kModuleList.value();
        PvhModule initrd;
        initrd.address = input.initrd.value();
        initrd.size = input.initrd_size.value();
        SISKIN_TRY(memory.write_object(boot_layout::kModuleList, initrd));
    }
    std::vector<PvhMemoryRange> map;
    for (const E820Entry& entry : e820) {
        PvhMemoryRange range;
        range.address = entry.base.value();
        range.size = entry.size.value();
        range.type = static_cast<std::uint32_t>(entry.type);
        map.push_back(range);
    }
    SISKIN_TRY(memory.write(boot_layout::kMemoryMap, std::as_bytes(std::span(map))));
    return memory.write_object(boot_layout::kStartInfo, info);
}

}  // namespace siskin
