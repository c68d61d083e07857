// SPDX-License-Identifier: Apache-2.0
// Builds the e820 map.
#include "firmware/linux/e820.h"

#include <algorithm>

#include "base/text.h"
#include "firmware/linux/boot_layout.h"

namespace siskin {
namespace {

E820Entry between(GuestAddress begin, GuestAddress end, E820Type type) {
    return {begin, ByteCount{end.value() - begin.value()}, type};
}

Result<> check_sorted(const std::vector<E820Entry>& map) {
    std::uint64_t free_from = 0;
    for (const E820Entry& entry : map) {
        const auto end = checked_add(entry.base, entry.size);
        if (entry.size.value() == 0 || !end || entry.base.value() < free_from) {
            return fail(concat("the memory range ", hex(entry.base.value()), " + ",
                               hex(entry.size.value()), " is empty, wraps or meets another"));
        }
        free_from = end->value();
    }
    return {};
}

}  // namespace

Result<std::vector<E820Entry>> build_e820(const RamLayout& ram,
                                          const std::vector<E820Entry>& reserved) {
    if (ram.below_4g.value() < boot_layout::kHighMemory.value() ||
        ram.below_4g.value() > 4 * kGiB) {
        return fail(concat("there are ", ram.below_4g.value(),
                           " bytes of RAM below 4 GiB, a boot needs 1 MiB at least"));
    }
    std::vector<E820Entry> map{
        between(GuestAddress{0}, boot_layout::kEbda, E820Type::Ram),
        between(boot_layout::kEbda, boot_layout::kVideoMemory, E820Type::Reserved),
        between(boot_layout::kAcpiTables, boot_layout::kHighMemory, E820Type::Reserved),
    };
    if (ram.below_4g.value() > boot_layout::kHighMemory.value()) {
        map.push_back(
            between(boot_layout::kHighMemory, GuestAddress{ram.below_4g.value()}, E820Type::Ram));
    }
    if (ram.above_4g.value() > 0) {
        map.push_back({GuestAddress{4 * kGiB}, ram.above_4g, E820Type::Ram});
    }
    map.insert(map.end(), reserved.begin(), reserved.end());
    std::sort(map.begin(), map.end(),
              [](const E820Entry& left, const E820Entry& right) { return left.base < right.base; });
    if (map.size() > kE820EntriesMax) {
        return fail(
            concat("the memory map has ", map.size(), " ranges, the most is ", kE820EntriesMax));
    }
    SISKIN_TRY(check_sorted(map));
    return map;
}

}  // namespace siskin
