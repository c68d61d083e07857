// SPDX-License-Identifier: Apache-2.0
// Numbers that the chipset's functions share in configuration space.
#pragma once

#include <cstdint>

namespace siskin::chipset {

inline constexpr std::uint16_t kIntel = 0x8086;
// As QEMU's q35 has them: tools tell a virtual chipset by this pair.
inline constexpr std::uint16_t kSubsystemVendor = 0x1af4;
inline constexpr std::uint16_t kSubsystem = 0x1100;

}  // namespace siskin::chipset
