// SPDX-License-Identifier: Apache-2.0
// Executes what KVM cannot emulate. Where the processor runs popcnt itself, code fetched from an
// address without memory follows, which no KVM can run.
#include <cstdint>

#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

void guest_start(const StartInfo* /*info*/) {
    print("emulation failure now\n");
    std::uint64_t bits = 0xff;
    asm volatile("popcnt %0, %0" : "+r"(bits));
    print("popcnt runs here: ", bits, '\n');
    constexpr std::uint64_t kNothing = 0xfd000000;  // below the firmware, outside every window
    asm volatile("jmp *%0" : : "r"(kNothing));
    halt_forever();
}
