// SPDX-License-Identifier: Apache-2.0
// Proves base/size_text.
#include "base/size_text.h"

#include <doctest/doctest.h>

#include "base/units.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

TEST_SUITE("base/size_text") {
    TEST_CASE("a size takes a suffix in either case, each step times 1024") {
        CHECK(parse_size("512") == 512U);
        CHECK(parse_size("1b") == 1U);
        CHECK(parse_size("4k") == 4096U);
        CHECK(parse_size("4K") == 4096U);
        CHECK(parse_size("2M") == 2 * kMiB);
        CHECK(parse_size("3G") == 3 * kGiB);
        CHECK(parse_size("1T") == kGiB * 1024);
        CHECK(parse_size("1P") == kGiB * kMiB);
        CHECK(parse_size("1E") == kGiB * kGiB);
        CHECK(parse_size("0x10") == 16U);
        CHECK(parse_size("0xb") == 11U);
    }

    TEST_CASE("a size that is empty, broken or past 64 bits is refused") {
        for (const std::string_view bad :
             {"", "k", "-1", "1kk", "1x", "16E", "18446744073709551616", "17179869184G", " 1k"}) {
            CAPTURE(bad);
            CHECK(parse_size(bad) == std::nullopt);
        }
        CHECK(parse_size("15E") == kGiB * kGiB * 15);
        CHECK(parse_size("17179869183G") == kGiB * 17179869183U);
    }
}
