// SPDX-License-Identifier: Apache-2.0
// Proves base/siphash beside CPython 3.11, whose bytes hash by it (PYTHONHASHSEED=0: a key of
// zero).
#include "base/siphash.h"

#include <doctest/doctest.h>

#include <string>

using siskin::process_siphash_key;
using siskin::siphash;
using siskin::SipHashKey;

namespace {

constexpr SipHashKey kKey{0, 0};

std::string counting(int length) {
    std::string text;
    for (int byte = 0; byte < length; ++byte) {
        text += static_cast<char>(byte);
    }
    return text;
}

}  // namespace

TEST_SUITE("base/siphash") {
    TEST_CASE("bytes of each length of a last word hash as CPython's do") {
        CHECK(siphash(kKey, counting(1)) == 0x68a914128e01e473U);
        CHECK(siphash(kKey, counting(7)) == 0x2f098ab0c751325aU);
        CHECK(siphash(kKey, counting(8)) == 0xead411e67ebe2eeaU);
        CHECK(siphash(kKey, counting(15)) == 0xf30eb725bb91c9eaU);
        CHECK(siphash(kKey, counting(63)) == 0x385d3e39e5f37359U);
    }

    TEST_CASE("another key gives another hash, also of nothing") {
        CHECK(siphash(kKey, "") != siphash(SipHashKey{1, 0}, ""));
        CHECK(siphash(kKey, "name") != siphash(SipHashKey{0, 1}, "name"));
    }

    TEST_CASE("the process has one key, and it is not zero") {
        CHECK(process_siphash_key() == process_siphash_key());
        CHECK(process_siphash_key() != SipHashKey{0, 0});
    }
}
