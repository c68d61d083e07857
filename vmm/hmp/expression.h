// SPDX-License-Identifier: Apache-2.0
// Expressions of the human monitor: numbers, registers, operators.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace siskin::hmp {

// The value of a register by its name without '$'. Error: "unknown register".
using RegisterLookup = std::function<Result<std::uint64_t>(std::string_view name)>;

// Parentheses and signs inside each other.
inline constexpr unsigned kExpressionDepthMax = 64;

// Takes one expression off the front of `text` and leaves what follows it, without white space.
// Numbers are decimal, 0x hexadecimal, 0 octal or one character in quotes; arithmetic is that of 64
// bits, division that of signed numbers. As in QEMU, & | ^ bind closer than + and -, and * / %
// closest. Errors are in QEMU's words.
[[nodiscard]] Result<std::uint64_t> take_expression(std::string_view& text,
                                                    const RegisterLookup& registers);

}  // namespace siskin::hmp
