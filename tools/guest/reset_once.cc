// SPDX-License-Identifier: Apache-2.0
// Boots three times: resets through port 0xcf9, then through the keyboard controller, then powers
// off. Battery-backed CMOS memory tells which boot it is.
#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/exit.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

constexpr std::uint8_t kMarkerIndex = 0x6e;  // free for the guest's own use, as is 0x6f
constexpr std::uint8_t kMarker = 0xa7;

std::uint8_t cmos_read(std::uint8_t index) {
    port_write8(0x70, index);
    return port_read8(0x71);
}

void cmos_write(std::uint8_t index, std::uint8_t value) {
    port_write8(0x70, index);
    port_write8(0x71, value);
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    const bool marked = cmos_read(kMarkerIndex) == kMarker;
    const std::uint8_t boots = marked ? cmos_read(kMarkerIndex + 1) : 0;
    print("boot ", unsigned{boots}, '\n');
    begin(info);
    cmos_write(kMarkerIndex, kMarker);
    cmos_write(kMarkerIndex + 1, static_cast<std::uint8_t>(boots + 1));
    if (boots == 0) {
        reset_by_port_cf9();
    }
    if (boots == 1) {
        reset_by_keyboard_controller();
    }
    read_acpi(*info, acpi);
    require(boots == 2 && acpi.s5_found, "the third boot can power off");
    print("power off\n");
    power_off(acpi);
}
