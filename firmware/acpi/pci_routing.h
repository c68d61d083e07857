// SPDX-License-Identifier: Apache-2.0
// Which GSI an INTx pin of the root bus raises in APIC mode, for _PRT and for the board.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace siskin::acpi {

inline constexpr std::uint32_t kPciSlots = 32;
inline constexpr std::uint32_t kPciPins = 4;

// The routing of an ICH9 in APIC mode with its power-on routing registers (ICH9 §10.1.41 ff.:
// DxxIR): slots 0..24 share PIRQE..PIRQH, rotated by slot; slots 25..31, the chipset's own, have
// PIRQA..PIRQD. PIRQA is GSI 16 (ICH9 §5.8.4). `slot` is 0..31; pin INTA# is 0.
[[nodiscard]] constexpr Gsi pci_intx_gsi(std::uint32_t slot, std::uint32_t pin) {
    constexpr std::uint32_t kPirqA = 16;
    constexpr std::uint32_t kPirqE = 20;
    constexpr std::uint32_t kFirstChipsetSlot = 25;
    return slot < kFirstChipsetSlot ? Gsi{kPirqE + (slot + pin) % kPciPins}
                                    : Gsi{kPirqA + pin % kPciPins};
}

}  // namespace siskin::acpi
