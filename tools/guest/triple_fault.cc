// SPDX-License-Identifier: Apache-2.0
// An invalid instruction with an empty interrupt table: a triple fault, which resets a PC.
#include <cstdint>

#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

void guest_start(const StartInfo* /*info*/) {
    struct [[gnu::packed]] {
        std::uint16_t limit = 0;
        std::uint64_t base = 0;
    } empty;
    print("triple fault now\n");
    asm volatile("lidt %0\n\tud2" : : "m"(empty) : "memory");
    print("FAILED still alive\n");
    halt_forever();
}
