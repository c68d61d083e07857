// SPDX-License-Identifier: Apache-2.0
// COM1, a 16550 (National Semiconductor PC16550D data sheet, 8).
#pragma once

#include <cstdint>

#include "tools/guest/runtime/io.h"

namespace siskin::guest {

inline constexpr std::uint16_t kSerialPort = 0x3f8;
inline constexpr unsigned kSerialIrq = 4;

// 115200 8N1, FIFOs on, OUT2 on (it gates the interrupt line on a PC), interrupts as given.
inline void start_serial(std::uint8_t interrupt_enable) {
    port_write8(kSerialPort + 1, 0);     // no interrupts
    port_write8(kSerialPort + 3, 0x80);  // divisor latch
    port_write8(kSerialPort + 0, 1);
    port_write8(kSerialPort + 1, 0);
    port_write8(kSerialPort + 3, 0x03);
    port_write8(kSerialPort + 2, 0x07);
    port_write8(kSerialPort + 4, 0x0b);
    port_write8(kSerialPort + 1, interrupt_enable);
}

[[nodiscard]] inline bool serial_has_byte() {
    return (port_read8(kSerialPort + 5) & 0x01) != 0;
}
[[nodiscard]] inline std::uint8_t serial_read() {
    return port_read8(kSerialPort);
}
inline void serial_write(std::uint8_t byte) {
    while ((port_read8(kSerialPort + 5) & 0x20) == 0) {
        pause();
    }
    port_write8(kSerialPort, byte);
}
inline void serial_write(const char* text) {
    for (; *text != '\0'; ++text) {
        serial_write(static_cast<std::uint8_t>(*text));
    }
}

}  // namespace siskin::guest
