// SPDX-License-Identifier: Apache-2.0
// Writes text to the debug port, one byte an access.
#include "tools/guest/runtime/print.h"

#include "tools/guest/runtime/io.h"

namespace siskin::guest {

void print_one(char character) {
    port_write8(kDebugPort, static_cast<std::uint8_t>(character));
}

void print_one(const char* text) {
    for (; *text != '\0'; ++text) {
        print_one(*text);
    }
}

void print_one(Hex number) {
    unsigned digits = 1;
    while (digits < 16 && (number.number >> (4 * digits)) != 0) {
        ++digits;
    }
    if (digits < number.digits) {
        digits = number.digits;
    }
    for (unsigned left = digits; left > 0; --left) {
        const std::uint64_t shifted = left > 16 ? 0 : number.number >> (4 * (left - 1));
        print_one("0123456789abcdef"[shifted & 0xf]);
    }
}

void print_one(unsigned long number) {
    char text[21] = {};
    unsigned at = 20;
    do {
        text[--at] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print_one(&text[at]);
}

void print_one(unsigned number) {
    print_one(static_cast<unsigned long>(number));
}

void print_one(int number) {
    if (number < 0) {
        print_one('-');
    }
    const auto magnitude = static_cast<unsigned long>(number);
    print_one(number < 0 ? 0 - magnitude : magnitude);
}

}  // namespace siskin::guest
