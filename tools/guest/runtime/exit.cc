// SPDX-License-Identifier: Apache-2.0
// The ways out of a guest.
#include "tools/guest/runtime/exit.h"

#include "tools/guest/runtime/io.h"

namespace siskin::guest {

void exit_with(std::uint32_t code) {
    port_write32(kExitPort, code);
    halt_forever();
}

void reset_by_port_cf9() {
    port_write8(kResetControlPort, 0x02);  // SYS_RST: the kind of reset
    port_write8(kResetControlPort, 0x06);  // RST_CPU rises: go
    halt_forever();
}

void reset_by_keyboard_controller() {
    port_write8(kKeyboardCommandPort, 0xfe);  // pulse the reset line
    halt_forever();
}

}  // namespace siskin::guest
