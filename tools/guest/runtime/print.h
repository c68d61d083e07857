// SPDX-License-Identifier: Apache-2.0
// Text on the debug port 0xe9: strings, decimal and hexadecimal numbers; no format strings.
#pragma once

#include <cstdint>

namespace siskin::guest {

inline constexpr std::uint16_t kDebugPort = 0xe9;

// A number printed in hexadecimal with `digits` digits at least.
struct Hex {
    std::uint64_t number;
    unsigned digits = 1;
};

void print_one(char character);
void print_one(const char* text);
void print_one(Hex number);
void print_one(unsigned number);
void print_one(unsigned long number);
void print_one(int number);

// print("bus ", bus, " has ", Hex{vendor, 4}, '\n')
template <typename... Parts>
void print(const Parts&... parts) {
    (print_one(parts), ...);
}

}  // namespace siskin::guest
