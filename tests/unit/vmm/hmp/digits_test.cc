// SPDX-License-Identifier: Apache-2.0
// Numbers and columns.
#include "vmm/hmp/digits.h"

#include <doctest/doctest.h>

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/digits") {
    TEST_CASE("hexadecimal numbers are filled up to their width, and longer ones stay whole") {
        CHECK(hex_digits(0) == "0");
        CHECK(hex_digits(0x1f, 4) == "001f");
        CHECK(hex_digits(0x12345, 4) == "12345");
        CHECK(hex_digits(~std::uint64_t{0}, 16) == "ffffffffffffffff");
    }

    TEST_CASE("octal digits") {
        CHECK(octal_digits(0) == "0");
        CHECK(octal_digits(8) == "10");
        CHECK(octal_digits(~std::uint64_t{0}) == "1777777777777777777777");
    }

    TEST_CASE("columns are filled with spaces") {
        CHECK(right_aligned("ab", 4) == "  ab");
        CHECK(right_aligned("abcd", 2) == "abcd");
        CHECK(left_aligned("ab", 4) == "ab  ");
    }

    TEST_CASE("sizes take the largest unit that keeps them short") {
        CHECK(size_text(512) == "512 B");
        CHECK(size_text(4096) == "4 KiB");
        CHECK(size_text(std::uint64_t{1} << 30U) == "1 GiB");
        CHECK(size_text(1536 * 1024) == "1.5 MiB");
        CHECK(size_text(~std::uint64_t{0}) == "16 EiB");
    }
}

}  // namespace siskin::hmp
