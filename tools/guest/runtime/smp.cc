// SPDX-License-Identifier: Apache-2.0
// Starts a second processor.
#include "tools/guest/runtime/smp.h"

#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/pm_timer.h"
#include "tools/guest/runtime/text.h"

extern "C" const std::uint8_t ap_trampoline[];
extern "C" const std::uint8_t ap_trampoline_end[];
extern "C" void ap_start();

namespace siskin::guest {

namespace {

constexpr std::uint64_t kTrampolineAddress = 0x9000;  // a free page of conventional memory
void (*ap_entry)() = nullptr;

}  // namespace

void start_processor(std::uint32_t apic_id, void (*entry)()) {
    ap_entry = entry;
    memcpy(reinterpret_cast<void*>(kTrampolineAddress), ap_trampoline,
           static_cast<std::size_t>(ap_trampoline_end - ap_trampoline));
    full_barrier();
    send_interprocessor_interrupt(apic_id, kIpiInit);
    Deadline settled(10);
    while (!settled.passed()) {
        pause();
    }
    send_interprocessor_interrupt(apic_id, kIpiStartup | (kTrampolineAddress >> 12));
}

}  // namespace siskin::guest

void ap_start() {
    siskin::guest::load_interrupt_table();
    siskin::guest::ap_entry();
    siskin::guest::halt_forever();
}
