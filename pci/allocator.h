// SPDX-License-Identifier: Apache-2.0
// What firmware does before an operating system: bus numbers, windows, BARs, interrupt lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "pci/host_bridge.h"
#include "pci/intx_routing.h"

namespace siskin {

// Free address ranges of the board for BARs. A size of 0 means there is none.
struct AllocatorApertures {
    struct Range {
        std::uint64_t base = 0;
        std::uint64_t size = 0;  // bytes
    };
    Range memory32;  // wholly below 4 GiB
    Range memory64;  // for 64-bit prefetchable BARs; they go below 4 GiB when it is empty
    Range io;        // wholly below 64 KiB
};

// The value of Interrupt Line for a device whose pin ends at that root pin.
using InterruptLineOf = std::function<std::uint8_t(IntxInput)>;

// Programs all trees: bus numbers depth first, windows and BARs at their natural alignment, with
// what bridges reserve, I/O and memory decoding and SERR# on, bus mastering in bridges alone (a
// driver turns on its own device's), windows without a user disabled, Interrupt Line. Each expander
// gets ranges of its own, with room for more, as its PciBus::ranges() then say. The same tree
// always gives the same result. Errors: an aperture or the bus numbers are exhausted; the tree is
// then left without decoding. Thread: VM loop, under MachineLock.
[[nodiscard]] Result<> assign_resources(HostBridge& host, const AllocatorApertures& apertures,
                                        const InterruptLineOf& interrupt_line);

// The same, and all that there is not enough of, in the order of the tree: each function that gets
// no bus number, and each that finds no room in an aperture while others that are smaller may.
// Empty: it is done. At most kShortagesMax, the last of which may say that there are more.
inline constexpr std::size_t kShortagesMax = 64;
[[nodiscard]] std::vector<Error> try_assign_resources(HostBridge& host,
                                                      const AllocatorApertures& apertures,
                                                      const InterruptLineOf& interrupt_line);

}  // namespace siskin
