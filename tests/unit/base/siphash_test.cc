// SPDX-License-Identifier: Apache-2.0
// Proves base/siphash with the test vectors of its authors.
#include "base/siphash.h"

#include <doctest/doctest.h>

#include <string>

using siskin::process_siphash_key;
using siskin::siphash;
using siskin::SipHashKey;

namespace {

// 00 01 02 ... 0f as two little-endian words.
constexpr SipHashKey kKey{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

std::string counting(int length) {
    std::string text;
    for (int byte = 0; byte < length; ++byte) {
        text += static_cast<char>(byte);
    }
    return text;
}

}  // namespace

TEST_SUITE("base/siphash") {
    TEST_CASE("the 15 bytes of the paper's appendix A hash to a129ca6149be45e5") {
        CHECK(siphash(kKey, counting(15)) == 0xa129ca6149be45e5U);
    }

    TEST_CASE("the reference vectors for 0, 1, 7, 8 and 63 bytes hold") {
        CHECK(siphash(kKey, "") == 0x726fdb47dd0e0e31U);
        CHECK(siphash(kKey, counting(1)) == 0x74f839c593dc67fdU);
        CHECK(siphash(kKey, counting(7)) == 0xab0200f58b01d137U);
        CHECK(siphash(kKey, counting(8)) == 0x93f5f5799a932462U);
        CHECK(siphash(kKey, counting(63)) == 0x958a324ceb064572U);
    }

    TEST_CASE("the process has one key, and it is not zero") {
        CHECK(process_siphash_key() == process_siphash_key());
        CHECK(process_siphash_key() != SipHashKey{0, 0});
    }
}
