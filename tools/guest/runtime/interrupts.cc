// SPDX-License-Identifier: Apache-2.0
// The interrupt table, the local APIC and the I/O APIC.
#include "tools/guest/runtime/interrupts.h"

#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/exit.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

extern "C" const std::uint8_t interrupt_vectors[256][16];

namespace siskin::guest {

namespace {

constexpr std::uint64_t kLocalApic = 0xfee00000;
constexpr std::uint64_t kApicId = kLocalApic + 0x20;
constexpr std::uint64_t kApicTaskPriority = kLocalApic + 0x80;
constexpr std::uint64_t kApicEndOfInterrupt = kLocalApic + 0xb0;
constexpr std::uint64_t kApicSpurious = kLocalApic + 0xf0;
constexpr std::uint64_t kApicCommandLow = kLocalApic + 0x300;
constexpr std::uint64_t kApicCommandHigh = kLocalApic + 0x310;
constexpr std::uint32_t kDeliveryPending = 1U << 12;

struct Gate {  // Intel SDM volume 3, 6.14.1
    std::uint16_t offset_low;
    std::uint16_t selector;
    std::uint16_t attributes;
    std::uint16_t offset_middle;
    std::uint32_t offset_high;
    std::uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TablePointer {
    std::uint16_t limit;
    const void* base;
};

// What vectors.S pushed.
struct Frame {
    std::uint64_t registers[15];
    std::uint64_t vector;
    std::uint64_t error_code;
    std::uint64_t instruction_pointer;
};

alignas(16) Gate gates[256];
InterruptHandler handlers[256];

}  // namespace

void install_interrupt_table() {
    for (unsigned vector = 0; vector < 256; ++vector) {
        const auto entry = reinterpret_cast<std::uint64_t>(interrupt_vectors[vector]);
        gates[vector] = Gate{static_cast<std::uint16_t>(entry),
                             0x08,
                             0x8e00,  // present, 64-bit interrupt gate
                             static_cast<std::uint16_t>(entry >> 16),
                             static_cast<std::uint32_t>(entry >> 32),
                             0};
    }
    load_interrupt_table();
}

void load_interrupt_table() {
    const TablePointer pointer{sizeof(gates) - 1, gates};
    asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

void set_interrupt_handler(std::uint8_t vector, InterruptHandler handler) {
    handlers[vector] = handler;
}

void enable_local_apic() {
    port_write8(0x21, 0xff);  // both PICs: every line masked
    port_write8(0xa1, 0xff);
    mmio_write<std::uint32_t>(kApicTaskPriority, 0);
    mmio_write<std::uint32_t>(kApicSpurious, 0x100 | kSpuriousVector);
}

std::uint32_t local_apic_id() {
    return mmio_read<std::uint32_t>(kApicId) >> 24;
}

void send_interprocessor_interrupt(std::uint32_t apic_id, std::uint32_t command) {
    mmio_write<std::uint32_t>(kApicCommandHigh, apic_id << 24);
    mmio_write<std::uint32_t>(kApicCommandLow, command);
    while ((mmio_read<std::uint32_t>(kApicCommandLow) & kDeliveryPending) != 0) {
        pause();
    }
}

namespace {

// 82093AA data sheet, 3.2.4: two registers a pin.
void write_redirection(std::uint64_t io_apic, unsigned pin, std::uint32_t low,
                       std::uint32_t apic_id) {
    const std::uint32_t low_register = 0x10 + 2 * pin;
    mmio_write<std::uint32_t>(io_apic, low_register + 1);
    mmio_write<std::uint32_t>(io_apic + 0x10, apic_id << 24);
    mmio_write<std::uint32_t>(io_apic, low_register);
    mmio_write<std::uint32_t>(io_apic + 0x10, low);
}

}  // namespace

void route_io_apic_pin(std::uint64_t io_apic, unsigned pin, std::uint8_t vector,
                       std::uint32_t apic_id) {
    write_redirection(io_apic, pin, vector, apic_id);
}

void route_io_apic_level_pin(std::uint64_t io_apic, unsigned pin, std::uint8_t vector,
                             std::uint32_t apic_id) {
    constexpr std::uint32_t kLevelTriggered = 1U << 15;
    write_redirection(io_apic, pin, kLevelTriggered | vector, apic_id);
}

}  // namespace siskin::guest

extern "C" void interrupt_dispatch(const siskin::guest::Frame* frame);

void interrupt_dispatch(const siskin::guest::Frame* frame) {
    using namespace siskin::guest;
    const auto vector = static_cast<std::uint8_t>(frame->vector);
    if (handlers[vector] != nullptr) {
        handlers[vector](vector);
    } else if (vector != kSpuriousVector) {
        print("FAILED unexpected ", vector < 32 ? "exception " : "interrupt ", unsigned{vector},
              " error code ", Hex{frame->error_code}, " at ", Hex{frame->instruction_pointer},
              '\n');
        exit_with(kExitException);
    }
    if (vector >= 32 && vector != kSpuriousVector) {
        mmio_write<std::uint32_t>(kApicEndOfInterrupt, 0);
    }
}
