// SPDX-License-Identifier: Apache-2.0
// Two virtual CPUs: the second is started by INIT and STARTUP, both count under one lock, and they
// interrupt each other.
#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/pm_timer.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/runtime/smp.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kCallVector = 0x50;    // first to second
constexpr std::uint8_t kAnswerVector = 0x51;  // back
constexpr unsigned kIncrements = 2000;
constexpr unsigned kCalls = 20;

SpinLock lock;
std::uint32_t shared_count = 0;  // under lock
volatile bool second_alive = false;
volatile bool counting = false;
volatile bool second_done = false;
volatile std::uint32_t second_apic_id = 0;
volatile std::uint32_t first_apic_id = 0;
volatile std::uint32_t calls = 0;
volatile std::uint32_t answers = 0;
volatile bool call_on_wrong_processor = false;

void count_to_the_end() {
    for (unsigned i = 0; i < kIncrements; ++i) {
        lock.lock();
        const std::uint32_t before = *const_cast<volatile std::uint32_t*>(&shared_count);
        *const_cast<volatile std::uint32_t*>(&shared_count) = before + 1;
        lock.unlock();
    }
}

void on_call(std::uint8_t /*vector*/) {
    call_on_wrong_processor = call_on_wrong_processor || local_apic_id() == first_apic_id;
    calls = calls + 1;
    send_interprocessor_interrupt(first_apic_id, kIpiFixed | kAnswerVector);
}

void on_answer(std::uint8_t /*vector*/) {
    call_on_wrong_processor = call_on_wrong_processor || local_apic_id() != first_apic_id;
    answers = answers + 1;
}

void second_main() {
    enable_local_apic();
    second_apic_id = local_apic_id();
    second_alive = true;
    while (!counting) {
        pause();
    }
    count_to_the_end();
    second_done = true;
    for (;;) {
        enable_interrupts_and_halt();
    }
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    begin(info);
    install_interrupt_table();
    enable_local_apic();
    set_interrupt_handler(kCallVector, on_call);
    set_interrupt_handler(kAnswerVector, on_answer);
    read_acpi(*info, acpi);
    use_pm_timer(acpi.pm_timer_port);
    first_apic_id = local_apic_id();
    require(acpi.processor_count == 2, "the MADT has two processors");
    const std::uint32_t other = acpi.processor_apic_ids[0] == first_apic_id
                                    ? acpi.processor_apic_ids[1]
                                    : acpi.processor_apic_ids[0];
    start_processor(other, second_main);
    require(wait_until([] { return second_alive; }), "the second processor starts");
    check_equal(second_apic_id, other, "its APIC identity is the MADT's");

    counting = true;
    count_to_the_end();
    require(wait_until([] { return second_done; }), "the second processor counts to its end");
    check_equal(shared_count, 2 * kIncrements, "no increment under the lock is lost");

    enable_interrupts();
    for (std::uint32_t i = 1; i <= kCalls; ++i) {
        send_interprocessor_interrupt(other, kIpiFixed | kCallVector);
        if (!wait_until([i] { return answers == i; })) {
            break;
        }
    }
    check_equal(calls, kCalls, "the second processor is called");
    check_equal(answers, kCalls, "and answers");
    check(!call_on_wrong_processor, "each interrupt reached the processor it was sent to");
    finish();
}
