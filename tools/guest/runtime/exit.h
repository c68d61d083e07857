// SPDX-License-Identifier: Apache-2.0
// The ways out of a guest: the debug exit device, reset.
#pragma once

#include <cstdint>

namespace siskin::guest {

inline constexpr std::uint16_t kExitPort = 0x501;          // isa-debug-exit
inline constexpr std::uint16_t kResetControlPort = 0xcf9;  // ICH9 data sheet, RST_CNT
inline constexpr std::uint16_t kKeyboardCommandPort = 0x64;

// The host's process exits with (code << 1) | 1.
[[noreturn]] void exit_with(std::uint32_t code);
// Through the reset control register.
[[noreturn]] void reset_by_port_cf9();
// Through the keyboard controller's output line.
[[noreturn]] void reset_by_keyboard_controller();

}  // namespace siskin::guest
