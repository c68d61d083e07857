// SPDX-License-Identifier: Apache-2.0
// Says "ready", waits for the power button's status bit (ACPI 6.4 §4.8.3.1.1), powers off.
#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint16_t kPowerButton = 1U << 8;

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    begin(info);
    read_acpi(*info, acpi);
    require(acpi.s5_found, "the DSDT has \\_S5");
    enter_acpi_mode(acpi);
    check((port_read16(acpi.pm1_control_port) & 1) != 0, "SCI_EN is set");
    port_write16(acpi.pm1_enable_port, kPowerButton);
    check_equal(port_read16(acpi.pm1_enable_port) & kPowerButton, kPowerButton,
                "the power button's enable bit stays set");
    check_equal(port_read16(acpi.pm1_event_port) & kPowerButton, 0, "nobody pressed it yet");
    print("ready\n");
    while ((port_read16(acpi.pm1_event_port) & kPowerButton) == 0) {
        pause();
    }
    print("pressed\n");
    port_write16(acpi.pm1_event_port, kPowerButton);
    check_equal(port_read16(acpi.pm1_event_port) & kPowerButton, 0,
                "writing a one clears the status bit");
    print("power off\n");
    power_off(acpi);
}
