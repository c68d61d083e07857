// SPDX-License-Identifier: Apache-2.0
// Echoes what comes in on COM1, by IRQ 4 through the I/O APIC. 'q' ends it.
#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/interrupts.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"
#include "tools/guest/runtime/serial.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kVector = 0x44;
constexpr std::uint8_t kReceiveInterrupt = 1;  // IER
volatile std::uint32_t interrupts = 0;
volatile std::uint32_t bytes_received = 0;
volatile bool ended = false;

void on_serial(std::uint8_t /*vector*/) {
    interrupts = interrupts + 1;
    while (serial_has_byte()) {
        const std::uint8_t byte = serial_read();
        bytes_received = bytes_received + 1;
        serial_write(byte);
        ended = ended || byte == 'q';
    }
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    begin(info);
    install_interrupt_table();
    enable_local_apic();
    set_interrupt_handler(kVector, on_serial);
    read_acpi(*info, acpi);
    require(acpi.io_apic_address != 0, "the MADT has an I/O APIC");
    route_io_apic_pin(acpi.io_apic_address, kSerialIrq, kVector, local_apic_id());
    start_serial(kReceiveInterrupt);
    serial_write("ready\r\n");
    while (!ended) {
        enable_interrupts_and_halt();
        disable_interrupts();
    }
    print("received ", bytes_received, " bytes in ", interrupts, " interrupts\n");
    check(interrupts != 0 && bytes_received != 0, "bytes came by interrupt");
    finish();
}
